-- Equality of strings however they were made: short, long, as keys.
local a = "short" .. 1
local b = ("SHORT1"):lower()
print(a == b, a ~= b, rawequal(a, b), ({ [a] = 1 })[b]) -- expect: true false true 1
local l1, l2 = ("long "):rep(100), {}
for i = 1, 100 do l2[i] = "long " end
l2 = table.concat(l2)
print(l1 == l2, rawequal(l1, l2), ({ [l1] = "found" })[l2], #l1) -- expect: true true found 500
local t = {}
for len = 30, 50 do t[("k"):rep(len)] = len end
local ok = true
for len = 30, 50 do ok = ok and t[("kk"):rep(len):sub(1, len)] == len end
print(ok, t[("k"):rep(51)], t[("k"):rep(29)]) -- expect: true nil nil
local many = {}
for i = 1, 2000 do many["id_" .. i] = i end
local sum = 0
for i = 1, 2000 do sum = sum + many[("id_%d"):format(i)] end
print(sum) -- expect: 2001000
print("a\0b" == "a\0c", "a\0b" == "a\0b", #"a\0b", ("a\0b")[1]) -- expect: false true 3 nil
local s = ""
for i = 1, 60 do s = s .. "z"; if t[s] then t[s] = -1 end end
print(t[("k"):rep(40)], s == ("z"):rep(60), s < ("z"):rep(61), ("z"):rep(61) <= s) -- expect: 40 true true false
print(("x"):rep(41) == ("x"):rep(40) .. "x", ("x"):rep(40) == ("x"):rep(39) .. "x") -- expect: true true
