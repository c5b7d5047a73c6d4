-- Float arithmetic: division, infinities, NaN, floor division and modulo.
local inf, nan = math.huge, 0 / 0
print(1 / 0, -1 / 0) -- expect: inf -inf
print(nan ~= nan, nan == nan, nan < 1, nan > 1, nan <= nan) -- expect: true false false false false
print(inf - inf ~= inf - inf, inf == inf, -inf < inf) -- expect: true true true
print(5.5 // 2, -5.5 // 2, 5.5 // -2) -- expect: 2.0 -3.0 -3.0
print(5.5 % 2, -5.5 % 2, 5.5 % -2, -5.5 % -2) -- expect: 1.5 0.5 -0.5 -1.5
print(1e308 * 10, -1e308 * 10) -- expect: inf -inf
print(0.1 + 0.2 == 0.3, 0.1 + 0.2) -- expect: false 0.3
print(3 % -inf, -3 % inf, 3.0 % inf) -- expect: -inf inf 3.0
print(1 // 0.0, -1 // 0.0) -- expect: inf -inf
print((5 % 0.0) ~= (5 % 0.0)) -- expect: true
print(2^53 == 2^53 + 1, 2^63, -(2^63)) -- expect: true 9.2233720368548e+18 -9.2233720368548e+18
print(1e15, 1e16, 1e100, 123456789012345) -- expect: 1e+15 1e+16 1e+100 123456789012345
print(0.0, -0.0, 0.0 == -0.0, 1 / -0.0) -- expect: 0.0 -0.0 true -inf
print(100000000000000, 1e14, 12345678901234567890) -- expect: 100000000000000 1e+14 1.2345678901235e+19
print(3.0, 3.5, -3.0, 1e3) -- expect: 3.0 3.5 -3.0 1000.0
print(5 // 1.0, 5.0 // 1, 2^2, 10 / 2) -- expect: 5.0 5.0 4.0 5.0
