-- Large functions: many locals, constants, long jumps, wide calls.
local src = {}
for i = 1, 190 do src[#src + 1] = "local a" .. i .. " = " .. i end
src[#src + 1] = "return a1 + a95 + a190"
print(load(table.concat(src, "\n"))()) -- expect: 286
src = { "local t = {}" }
for i = 1, 700 do src[#src + 1] = ("t.key%d = 'value%d'; t[%d] = %d.5"):format(i, i, i, i) end
src[#src + 1] = "return t.key1, t.key300, t.key700, t[700], #t"
print(load(table.concat(src, "\n"))()) -- expect: value1 value300 value700 700.5 700
src = { "local x = ... if x then" }
for i = 1, 5000 do src[#src + 1] = "x = x + " .. i % 3 end
src[#src + 1] = "end return x"
local f = load(table.concat(src, "\n"))
print(f(0), f(nil)) -- expect: 5001 nil
src = { "local n = 0; for i = 1, 3 do" }
for i = 1, 4000 do src[#src + 1] = "n = n + i" end
src[#src + 1] = "end return n"
print(load(table.concat(src, "\n"))()) -- expect: 24000
local args = {}
for i = 1, 240 do args[i] = tostring(i) end
print(load("return select('#', " .. table.concat(args, ",") .. ")")()) -- expect: 240
print(#load("return {" .. ("f(), "):rep(0) .. table.concat(args, ",") .. "}")()) -- expect: 240
src = "return " .. ("("):rep(100) .. "1" .. (")"):rep(100)
print(load(src)()) -- expect: 1
src = "local x = 0 " .. ("do local y = x; x = y + 1 "):rep(100) .. ("end "):rep(100) .. "return x"
print(load(src)()) -- expect: 100
print(load("return " .. ("1 + "):rep(500) .. "1")(), load("return " .. ("'a' .. "):rep(150) .. "'b'")():len()) -- expect: 501 151
print(load("return " .. ("-"):rep(101):gsub("%-", "- ") .. "1")()) -- expect: -1
