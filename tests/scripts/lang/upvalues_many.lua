-- Many upvalues and deep nesting; upvalues closed by break, goto and return.
local src = { "local t = {}" }
for i = 1, 150 do src[#src + 1] = "local v" .. i .. " = " .. i end
src[#src + 1] = "return function() return 0"
for i = 1, 150 do src[#src + 1] = " + v" .. i end
src[#src + 1] = " end, function() v1 = 1000 end"
local sum, change = assert(load(table.concat(src, "\n")))()
print(sum()) -- expect: 11325
change()
print(sum()) -- expect: 12324
local kept
for i = 1, 10 do
  local x = i * i
  kept = function() x = x + 1; return x end
  if i == 4 then break end
end
print(kept(), kept()) -- expect: 17 18
local function ret() for i = 1, 3 do local y = i; if i == 2 then return function() return y end end end end
print(ret()()) -- expect: 2
do
  local i = 1
  local fs = {}
  ::loop::
  do
    local z = i * 10
    fs[i] = function() z = z + 1 return z end
    i = i + 1
    if i <= 3 then goto loop end
  end
  print(fs[1](), fs[2](), fs[3](), fs[1]()) -- expect: 11 21 31 12
end
local nested = function() local a = 1 return function() local b = 2 return function() local c = 3
  return function() a, b, c = a + 1, b + 1, c + 1 return a, b, c end end end end
local leaf = nested()()()
leaf()
print(leaf()) -- expect: 3 4 5
