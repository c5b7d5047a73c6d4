-- expect-error: Custom error 42
-- An uncaught error object whose metatable has __tostring.
print("start") -- expect: start
error(setmetatable({ code = 42 }, { __tostring = function(e) return "Custom error " .. e.code end }))
