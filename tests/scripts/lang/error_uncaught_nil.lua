-- expect-error: (error object is a nil value)
-- error() without a value ends the program with a description of it.
print("start") -- expect: start
error()
