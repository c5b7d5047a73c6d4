-- Concatenation of strings and numbers, associativity, errors.
print(1 .. 2, 1.5 .. "x", -1 .. "", 2^63 .. "", 1e15 .. "") -- expect: 12 1.5x -1 9.2233720368548e+18 1e+15
print("a" .. "b" .. "c" .. 1 .. 2.0) -- expect: abc12.0
print(("x"):rep(3) .. "y", "" .. "", #("" .. "")) -- expect: xxxy  0
local t = setmetatable({}, { __concat = function(a, b)
  return (type(a) == "table" and "T" or a) .. "~" .. (type(b) == "table" and "T" or b)
end })
print(t .. "x", "x" .. t, t .. t, 1 .. t, "a" .. "b" .. t .. "c" .. "d") -- expect: T~x x~T T~T 1~T abT~cd
print(pcall(function() return "a" .. {} end)) -- expect: false concat.lua:9: attempt to concatenate a table value
print(pcall(function() return nil .. "a" end)) -- expect: false concat.lua:10: attempt to concatenate a nil value
print(pcall(function() local tbl = {}; return tbl.name .. "a" end))
-- expect: false concat.lua:11: attempt to concatenate a nil value (field 'name')
print(pcall(function() return "a" .. true end)) -- expect: false concat.lua:13: attempt to concatenate a boolean value
local name
print(pcall(function() return "hello " .. name end)) -- expect: false concat.lua:15: attempt to concatenate a nil value (upvalue 'name')
local long = ""
for i = 1, 100 do long = long .. i .. "," end
print(#long, long:sub(-8)) -- expect: 292 ,99,100,
local n = 10
print(n .. "", n .. n, -n .. "") -- expect: 10 1010 -10
