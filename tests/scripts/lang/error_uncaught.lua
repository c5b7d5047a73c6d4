-- expect-error: : error_uncaught.lua:6: attempt to index a nil value (global 'config')
-- expect-error: stack traceback:
-- expect-error: error_uncaught.lua:6: in
-- An uncaught error: output so far, message and traceback on stderr, status 1.
print("before") -- expect: before
local function fail() local v = config.value; return v end
fail()
print("never")
