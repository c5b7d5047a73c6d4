-- error with any value and levels; pcall, xpcall with handlers.
print(pcall(error, "msg"), pcall(error, "msg", 0)) -- expect: false false msg
print(pcall(function() error("at level 1") end)) -- expect: false errors_values.lua:3: at level 1
print(pcall(function() error("at level 0", 0) end)) -- expect: false at level 0
local function lvl2() error("caller's fault", 2) end
print(pcall(function() lvl2() end)) -- expect: false errors_values.lua:6: caller's fault
print(pcall(error), pcall(error, nil)) -- expect: false false nil
print(select("#", pcall(error))) -- expect: 2
print(pcall(error, 42), pcall(error, true), pcall(error, 1.5)) -- expect: false false false 1.5
local obj = { code = 7 }
local ok, e = pcall(error, obj)
print(ok, e == obj, e.code) -- expect: false true 7
print(pcall(function() error({}) end) == false) -- expect: true
print(xpcall(function() error("x", 0) end, function(m) return "handled " .. m end)) -- expect: false handled x
print(xpcall(function(...) return select("#", ...), ... end, print, 1, nil, 3)) -- expect: true 3 1 nil 3
print(xpcall(error, function(m) return type(m), m end, nil)) -- expect: false nil
print(pcall(pcall), pcall(pcall, error, "e")) -- expect: false true false e
print(pcall(xpcall), pcall(xpcall, print)) -- expect: false false bad argument #2 to 'xpcall' (function expected, got no value)
print(select(2, xpcall(function() local x = nil; x() end, function(m) return (m:gsub("^.-:%d+: ", "")) end)))
-- expect: attempt to call a nil value (local 'x')
print(pcall(function() local ok, e = pcall(error, "inner", 0); error("outer after " .. e, 0) end)) -- expect: false outer after inner
print(assert(1, "unused"), select("#", assert(1, 2, 3))) -- expect: 1 3
print(pcall(assert, false), pcall(assert, nil, "message"), pcall(assert, false, obj) == false) -- expect: false false true
print(pcall(assert)) -- expect: false bad argument #1 to 'assert' (value expected)
print(select(2, pcall(assert, false, 12))) -- expect: 12
print(pcall(string.rep), pcall(("x").rep, "x", {})) -- expect: false false bad argument #2 to 'string.rep' (number expected, got table)
print(pcall(error, "with level", 1), pcall(error, "level 2", 2)) -- expect: false false errors_values.lua:27: level 2
print(pcall(function() error() end)) -- expect: false nil
print(tostring(select(2, pcall(error, setmetatable({}, { __tostring = function() return "custom" end }))))) -- expect: custom
