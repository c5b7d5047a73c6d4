-- Bitwise operators on integers and floats with integer values; strings are refused.
print(0xF0 & 0x3C, 0xF0 | 0x0F, 0xFF ~ 0x0F, ~0) -- expect: 48 255 240 -1
print(1 << 63 == math.mininteger, 1 << 64, 1 >> 64, -1 >> 1 == math.maxinteger) -- expect: true 0 0 true
print(1 << -1, 2 >> -1, 1 << 62, -1 >> 63, -1 << 63 == math.mininteger) -- expect: 0 4 4611686018427387904 1 true
print(1 << math.maxinteger, 1 >> math.mininteger, 1 << math.mininteger) -- expect: 0 0 0
print(~5, ~~5, 5 ~ 5, -1 & 0xFF) -- expect: -6 5 0 255
print(3.0 | 4, 2^40 | 1, 7.0 ~ 1.0) -- expect: 7 1099511627777 6
print(pcall(function() return "3" | 4 end))
-- expect: false bitwise.lua:8: attempt to perform bitwise operation on a string value (constant '3')
print(pcall(function() return 4 & "0x10" end))
-- expect: false bitwise.lua:10: attempt to perform bitwise operation on a string value (constant '0x10')
print(pcall(function() return "a" | 1 end))
-- expect: false bitwise.lua:12: attempt to perform bitwise operation on a string value (constant 'a')
print(pcall(function() return "1.5" | 1 end))
-- expect: false bitwise.lua:14: attempt to perform bitwise operation on a string value (constant '1.5')
print(pcall(function() return {} | 1 end)) -- expect: false bitwise.lua:16: attempt to perform bitwise operation on a table value
print(pcall(function() return 1.5 << 1 end)) -- expect: false bitwise.lua:17: number has no integer representation
print(pcall(function() return ~{} end)) -- expect: false bitwise.lua:18: attempt to perform bitwise operation on a table value
local s, f = "x", 2.5
print(pcall(function() return s & 1 end))
-- expect: false bitwise.lua:20: attempt to perform bitwise operation on a string value (upvalue 's')
print(pcall(function() return f & 1 end)) -- expect: false bitwise.lua:22: number (upvalue 'f') has no integer representation
print(1 | 2 ~ 3 & 4 << 1, 5 & 3 | 8, 6 ~ 3 & 5, 1 << 2 + 1) -- expect: 3 9 7 8
print(pcall(function() return 1 << 1 .. 0 end)) -- expect: false bitwise.lua:24: attempt to perform bitwise operation on a string value
print(pcall(function() return 5 & (3 == 1) end)) -- expect: false bitwise.lua:25: attempt to perform bitwise operation on a boolean value
