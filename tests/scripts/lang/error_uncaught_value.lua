-- expect-error: (error object is a table value)
-- An uncaught error that is a table without __tostring.
print("start") -- expect: start
error({ code = 2 })
