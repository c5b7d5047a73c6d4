-- Integer arithmetic: wrap-around, floor division and modulo, extremes.
local max, min = math.maxinteger, math.mininteger
print(max, min) -- expect: 9223372036854775807 -9223372036854775808
print(max + 1 == min, min - 1 == max, max * 2) -- expect: true true -2
print(-min == min, min * -1 == min) -- expect: true true
print(7 // 2, -7 // 2, 7 // -2, -7 // -2) -- expect: 3 -4 -4 3
print(7 % 3, -7 % 3, 7 % -3, -7 % -3) -- expect: 1 2 -2 -1
print(6 % 3, -6 % 3, 6 % -3) -- expect: 0 0 0
print(min // -1 == min, min % -1, max // -1) -- expect: true 0 -9223372036854775807
print(min // max, min % max) -- expect: -2 9223372036854775806
print(1 + 2 * 3 - 4 // 3) -- expect: 6
print(2 ^ 10, 2 ^ 0.5 == math.sqrt(2)) -- expect: 1024.0 true
print(7 / 2, 6 / 2, 1 / 3) -- expect: 3.5 3.0 0.33333333333333
print(-2 ^ 2, 2 ^ 3 ^ 2, (2 ^ 3) ^ 2) -- expect: -4.0 512.0 64.0
print(5 // 0.0, -5 // 0.0, 5 % math.huge, -5 % math.huge) -- expect: inf -inf 5.0 inf
print(pcall(function() return 1 // 0 end)) -- expect: false arith_integer.lua:16: attempt to divide by zero
print(pcall(function() return 1 % 0 end)) -- expect: false arith_integer.lua:17: attempt to perform 'n%0'
local zero = 0
print(select(2, pcall(function() return max // zero end))) -- expect: arith_integer.lua:19: attempt to divide by zero
print(select(2, pcall(function() return max % zero end))) -- expect: arith_integer.lua:20: attempt to perform 'n%0'
