-- tostring and tonumber: formats of floats, bases, whitespace, rejects.
print(1e15, 1e14, 123456.789, 0.1, 1/3, 100, 1e300 * 10, 2^24, 2^63, 1e-5, 123e-7)
-- expect: 1e+15 1e+14 123456.789 0.1 0.33333333333333 100 1e+301 16777216.0 9.2233720368548e+18 1e-05 1.23e-05
print(3.14159265358979, 1e100, -1.5e-10, 5e-324, 1.7976931348623157e308)
-- expect: 3.1415926535898 1e+100 -1.5e-10 4.9406564584125e-324 1.7976931348623e+308
print(tonumber("10"), tonumber("10.5"), tonumber(" 10 "), tonumber("0x1F"), tonumber("1e3"), tonumber("-7"), tonumber("+7"))
-- expect: 10 10.5 10 31 1000.0 -7 7
print(tonumber(""), tonumber(" "), tonumber("abc"), tonumber("1 2"), tonumber("1e"), tonumber("0x"), tonumber("--1"), tonumber("1."), tonumber(".5"), tonumber("."))
-- expect: nil nil nil nil nil nil nil 1.0 0.5 nil
print(tonumber("inf"), tonumber("nan"), tonumber("0x.8"), tonumber("0x1p4"), tonumber("0x1P-1"), tonumber("1_000"))
-- expect: nil nil 0.5 16.0 0.5 nil
print(tonumber("10", 2), tonumber("ff", 16), tonumber("FF", 16), tonumber("zz", 36), tonumber("8", 8), tonumber("-101", 2), tonumber("7fffffffffffffff", 16), tonumber(" 11 ", 2))
-- expect: 2 255 255 1295 nil -5 9223372036854775807 3
print(tonumber("9223372036854775807"), tonumber("9223372036854775808"), tonumber("-9223372036854775808"), tonumber("0xffffffffffffffff"))
-- expect: 9223372036854775807 9.2233720368548e+18 -9223372036854775808 -1
print(tonumber(nil), pcall(tonumber), tonumber({}), tonumber(true), tonumber(5), tonumber(5.5)) -- expect: nil false nil nil 5 5.5
print(pcall(tonumber, "1", 1), pcall(tonumber, "1", 37)) -- expect: false false bad argument #2 to 'tonumber' (base out of range)
print(tonumber("1e308"), tonumber("1e309"), tonumber("1\0"), tonumber("\t5\n"), tonumber("5\v\f\r")) -- expect: 1e+308 inf nil 5 5
print(tonumber("0x1.8p1"), tonumber("0xA.8"), tonumber("1e+5"), tonumber("1E-2"), tonumber("0b1"), tonumber("1f"))
-- expect: 3.0 10.5 100000.0 0.01 nil nil
print(math.type(tonumber("10")), math.type(tonumber("10.0")), math.type(tonumber("1e1")), math.type(tonumber("0x10")))
-- expect: integer float float integer
print(tostring(1e15), tostring(-0.0), tostring(1e16), tostring(2^53), tostring(10 // 1), tostring(10 / 1))
-- expect: 1e+15 -0.0 1e+16 9.007199254741e+15 10 10.0
print(tostring(3) == "3", tostring(3.0) == "3.0", 3 .. "" == "3", 3.0 .. "" == "3.0", tonumber("3.0") == 3)
-- expect: true true true true true
print(tonumber("12345678901234567890"), tonumber("0.1e1"), tonumber("00012"), tonumber("-0"), tonumber("-0.0"), tonumber("1" .. ("0"):rep(30)))
-- expect: 1.2345678901235e+19 1.0 12 0 -0.0 1e+30
