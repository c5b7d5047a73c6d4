-- Mixing integers and floats: which results are floats, exact conversions.
local function kind(x) return math.type(x) .. " " .. tostring(x) end
print(kind(1 + 1), kind(1 + 1.0), kind(2 * 3.0), kind(3 - 1)) -- expect: integer 2 float 2.0 float 6.0 integer 2
print(kind(4 / 2), kind(4 // 2), kind(4.0 // 2), kind(5 % 2.0)) -- expect: float 2.0 integer 2 float 2.0 float 1.0
print(kind(2 ^ 2), kind(-2), kind(-2.0)) -- expect: float 4.0 integer -2 float -2.0
print(1 == 1.0, math.type(1) == math.type(1.0)) -- expect: true false
print(kind(1 << 2.0), kind(7.0 & 3)) -- expect: integer 4 integer 3
print(math.maxinteger + 0.0 == 2^63, math.maxinteger + 1.0 == 2^63) -- expect: true true
print(math.mininteger + 0.0 == -2^63) -- expect: true
print((2^53 | 0) == 2^53) -- expect: true
print(pcall(function() return 1.5 | 0 end)) -- expect: false arith_mixed.lua:11: number has no integer representation
print(pcall(function() return 2^63 | 0 end)) -- expect: false arith_mixed.lua:12: number has no integer representation
print(pcall(function() local x = 0/0; return x | 0 end))
-- expect: false arith_mixed.lua:13: number (local 'x') has no integer representation
print(math.tointeger(3.0), math.tointeger(3.5), math.tointeger(2^63)) -- expect: 3 nil nil
