-- Concatenation that reuses its own operands and mixes types.
local s = ""
for i = 1, 5 do s = s .. i .. (i < 5 and "," or "") end
print(s) -- expect: 1,2,3,4,5
local a = "x"
a = a .. a .. a
print(a, a .. #a .. a:len()) -- expect: xxx xxx33
local t = { s = "" }
for i = 1, 3 do t.s = t.s .. ("[" .. i .. "]") end
print(t.s) -- expect: [1][2][3]
local function f(n) return n == 0 and "" or f(n - 1) .. n end
print(f(9)) -- expect: 123456789
print(1 .. "", 1.0 .. "", -1 .. "|" .. 2^31 .. "|" .. 1e100) -- expect: 1 1.0 -1|2147483648.0|1e+100
local parts = ""
for c in ("abc"):gmatch(".") do parts = c .. parts .. c end
print(parts, ("a" .. "b"):rep(2) .. "c") -- expect: cbaabc ababc
local x, y = "l", "r"
x, y = x .. y, y .. x
print(x, y) -- expect: lr rl
