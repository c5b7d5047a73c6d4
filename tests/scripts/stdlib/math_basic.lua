-- math: rounding, extremes, conversions, type, ult, fmod, modf.
print(math.floor(1.5), math.floor(-1.5), math.ceil(1.5), math.ceil(-1.5), math.floor(5), math.floor(2^60))
-- expect: 1 -2 2 -1 5 1152921504606846976
print(math.floor(1e100), math.ceil(-1e100), math.floor(-0.5), math.ceil(-0.5)) -- expect: 1e+100 -1e+100 -1 0
print(math.max(1, 5, 3), math.min(1, 5, 3), math.max(1, 2.5), math.min(1.0, 1), math.max(-1)) -- expect: 5 1 2.5 1.0 -1
print(pcall(math.max) == false) -- expect: true
print(math.abs(-5), math.abs(5.5), math.abs(-0.0), math.abs(math.mininteger) == math.mininteger) -- expect: 5 5.5 0.0 true
print(math.fmod(7, 3), math.fmod(-7, 3), math.fmod(7, -3), math.fmod(5.5, 2), math.fmod(-6, 2), math.fmod(1, math.huge))
-- expect: 1 -1 1 1.5 0 1.0
print(pcall(math.fmod, 1, 0), pcall(math.fmod, 1)) -- expect: false false bad argument #2 to 'math.fmod' (number expected, got no value)
print(math.fmod(1, 0.0) ~= math.fmod(1, 0.0), math.fmod(math.mininteger, -1)) -- expect: true 0
print(math.modf(3.7), math.modf(-3.7), math.modf(5), math.modf(math.huge), math.modf(-math.huge)) -- expect: 3 -3 5 inf -inf 0.0
print(math.sqrt(16), math.sqrt(2), math.exp(0), math.log(1), math.log(8, 2), math.log(1000, 10), math.log(27, 3), math.log(0))
-- expect: 4.0 1.4142135623731 1.0 0.0 3.0 3.0 3.0 -inf
print(math.sin(0), math.cos(0), math.tan(0), math.asin(1), math.acos(1), math.atan(1), math.atan(1, -1), math.atan(0, -1))
-- expect: 0.0 1.0 0.0 1.5707963267949 0.0 0.78539816339745 2.3561944901923 3.1415926535898
print(math.pi, math.huge, -math.huge, math.maxinteger, math.mininteger)
-- expect: 3.1415926535898 inf -inf 9223372036854775807 -9223372036854775808
print(math.tointeger(5.0), math.tointeger(5.5), math.tointeger("8"), math.tointeger({}), math.tointeger(2^63), math.tointeger(-2^63))
-- expect: 5 nil 8 nil nil -9223372036854775808
print(math.type(1), math.type(1.0), math.type("1"), math.type(nil), pcall(math.type))
-- expect: integer float nil nil false bad argument #1 to 'math.type' (value expected)
print(math.ult(1, 2), math.ult(-1, 2), math.ult(1, -1), math.ult(0, 0)) -- expect: true false true false
print(math.floor("3.7"), math.sqrt("4")) -- expect: 3 2.0
print(pcall(math.floor, nil), pcall(math.floor, {})) -- expect: false false bad argument #1 to 'math.floor' (number expected, got table)
print(math.ceil(2^53 + 0.0), math.floor(-2^63) == math.mininteger, math.ceil(1e308) == 1e308) -- expect: 9007199254740992 true true
print(math.fmod(5, 3.0), math.fmod(-5.5, 2), math.fmod(2^60, 7), math.max(2^53, 2^53 + 1)) -- expect: 2.0 -1.5 1.0 9.007199254741e+15
