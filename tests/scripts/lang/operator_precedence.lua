-- Precedence and associativity of all operators.
print(2 + 3 * 4 ^ 2 / 2, (2 + 3) * 4, 2 ^ -1, -2 ^ -2) -- expect: 26.0 20 0.5 -0.25
print(1 .. 2 .. 3 == "123", "a" .. 1 + 2, 2 * 3 .. "") -- expect: true a3 6
print(1 + 1 == 2 and 2 + 2 == 4, not 1 == 2, not (1 == 2)) -- expect: true false true
print(1 < 2 == true, "x" == "x" ~= false) -- expect: true true
print(5 - 3 - 1, 2 ^ 2 ^ 3, 100 / 10 / 2, 7 // 2 * 2, 7 % 4 * 2) -- expect: 1 256.0 5.0 6 6
print(1 | 2 & 3, 1 ~ 3 | 4, 5 & 6 == 4, 1 << 2 + 1, 1 | 1 << 4) -- expect: 3 6 true 8 17
print(#"abc" + 1, -#"ab", not nil == true, -3 ^ 2, ~0 & 0xF, - - 2, not not nil) -- expect: 4 -2 true -9.0 15 2 false
print(false or 1 and 2, nil and 1 or 2, 1 or error("no"), nil and error("no")) -- expect: 2 2 1 nil
print(1 .. -1, "a" < "b" == not ("b" < "a")) -- expect: 1-1 true
print(2 * 3 % 4, -7 // 2 ^ 2, 2 ^ 3 * 2, 1 + 2 < 4, "1" + 2 .. "") -- expect: 2 -2.0 16.0 true 3
print(3 & 5 ~ 6 | 1, 256 >> 4 >> 2, 1 << 1 << 1, 7 & ~2) -- expect: 7 4 4 5
