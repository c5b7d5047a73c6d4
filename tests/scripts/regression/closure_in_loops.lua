-- Loop variables captured while loops are left by break, goto, error, return.
local fs = {}
for i = 1, 3 do
  local j = i * 10
  fs[#fs + 1] = function() j = j + i; return i, j end
  if i == 2 then goto out end
end
::out::
print(fs[1](), fs[2](), fs[2]()) -- expect: 1 2 2 24
fs = {}
pcall(function() for i = 1, 3 do fs[i] = function() i = i + 1; return i end if i == 3 then error("x") end end end)
print(fs[1](), fs[3](), fs[3]()) -- expect: 2 4 5
local function r() for k, v in pairs({ a = 1 }) do return function() return k, v end end end
print(r()()) -- expect: a 1
fs = {}
local n = 0
while n < 3 do local m = n; fs[n] = function() m = m + 1; return m end; n = n + 1; if n == 2 then break end end
print(fs[0](), fs[0](), fs[1]()) -- expect: 1 2 2
fs = {}
repeat local v = #fs; fs[#fs + 1] = function() return v end until v == 2
print(fs[1](), fs[3](), #fs) -- expect: 0 2 3
local function params(a, ...) local b = ...; return function() a = a + 1; b = b .. "!"; return a, b end end
local p = params(1, "x")
p()
print(p()) -- expect: 3 x!!
