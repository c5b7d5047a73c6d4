-- Strings convert to numbers in arithmetic and numbers to strings in concat.
print("10" + 5, "3" * "4", "10" / 2, "7" // 2, "7" % "4", "2" ^ 3) -- expect: 15 12 5.0 3 3 8.0
print(-"2", -"2.5", "0x10" + 0, " 5 " + 1, "1e1" + 0) -- expect: -2 -2.5 16 6 10.0
print("10" + 1 == 11, math.type("10" + 1), math.type("10.0" + 1)) -- expect: true integer float
print("9223372036854775807" + 0, "9223372036854775808" + 0) -- expect: 9223372036854775807 9.2233720368548e+18
print("\t12\n" + 0, "0x1p4" + 0) -- expect: 12 16.0
print(pcall(function() return "abc" + 1 end)) -- expect: false string_coercion.lua:7: attempt to add a 'string' with a 'number'
print(pcall(function() return "1 2" + 1 end)) -- expect: false string_coercion.lua:8: attempt to add a 'string' with a 'number'
print(pcall(function() return "" + 1 end)) -- expect: false string_coercion.lua:9: attempt to add a 'string' with a 'number'
print(pcall(function() return {} + 1 end)) -- expect: false string_coercion.lua:10: attempt to perform arithmetic on a table value
print(pcall(function() return -"x" end)) -- expect: false string_coercion.lua:11: attempt to unm a 'string' with a 'string'
print(pcall(function() return "0x" + 0 end)) -- expect: false string_coercion.lua:12: attempt to add a 'string' with a 'number'
print(pcall(function() return "1e" + 0 end)) -- expect: false string_coercion.lua:13: attempt to add a 'string' with a 'number'
print(10 == "10", "10" == 10 .. "") -- expect: false true
local t = {}
t["1"] = "string"; t[1] = "number"
print(t["1"], t[1], #t) -- expect: string number 1
