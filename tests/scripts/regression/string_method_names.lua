-- The string metatable: methods added to string appear on values.
function string.shout(s, n) return s:upper() .. ("!"):rep(n or 1) end
print(("hi"):shout(), ("hi"):shout(3)) -- expect: HI! HI!!!
local mt = getmetatable("")
local old = mt.__index
mt.__index = function(s, k) if type(k) == "number" then return s:sub(k, k) end return old[k] end
print(("hello")[1], ("hello")[-1], ("hello"):len()) -- expect: h o 5
mt.__index = old
print(("hello")[1], ("x"):shout()) -- expect: nil X!
mt.__add = nil
print(pcall(function() return "1" + 1 end))
-- expect: false string_method_names.lua:11: attempt to perform arithmetic on a string value (constant '1')
mt.__call = function(s, a) return s .. "(" .. tostring(a) .. ")" end
print(("f")(5)) -- expect: f(5)
mt.__call = nil
print(pcall(function() return ("f")(5) end)) -- expect: false string_method_names.lua:16: attempt to call a string value (constant 'f')
