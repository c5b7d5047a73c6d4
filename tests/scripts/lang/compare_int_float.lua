-- Comparisons between integers and floats near the limits are exact.
local max, min = math.maxinteger, math.mininteger
print(max < 2^63, max <= 2^63, max == 2^63, max > 2^63) -- expect: true true false false
print(max + 0.0 == 2^63, max < max + 0.0, max >= max + 0.0) -- expect: true true false
print(min == -2^63, min <= -2^63, min < -2^63, min >= -2^63) -- expect: true true false true
print(min < -2^63 - 1025, -2^63 - 2049 < min) -- expect: false true
local big = 2^53
print((1 << 53) + 1 > big, (1 << 53) + 1 == big, (1 << 53) == big) -- expect: true false true
print((1 << 53) + 1 < big + 2, (1 << 53) + 1 <= big) -- expect: true false
print(1 < 1.5, 2 > 1.5, -1 < -0.5, -1 > -1.5, 1 <= 1.0, 1 >= 1.0) -- expect: true true true true true true
print(max < math.huge, min > -math.huge, max > math.huge) -- expect: true true false
local nan = 0 / 0
print(1 < nan, 1 > nan, 1 <= nan, 1 >= nan, 1 == nan, 1 ~= nan) -- expect: false false false false false true
print(nan < 1, max < nan, min > nan) -- expect: false false false
local t = { [2^53] = "float key" }
print(t[1 << 53], t[(1 << 53) + 1]) -- expect: float key nil
