-- stress: 500
-- Tables that grow and are rehashed while collections go on.
local t = {}
for i = 1, 3000 do t[i] = { i }; if i % 2 == 0 then t["s" .. i] = { i } end if i % 3 == 0 then t[i - 1] = nil end end
collectgarbage()
local sum = 0
for k, v in pairs(t) do sum = sum + v[1] end
print(sum) -- expect: 5252500
for i = 1, 3000 do t[i] = nil; t["s" .. i] = nil end
print(next(t)) -- expect: nil
for i = 1, 100 do t[i * 1000003] = { i } end
collectgarbage()
sum = 0
for i = 1, 100 do sum = sum + t[i * 1000003][1] end
print(sum) -- expect: 5050
local objs = {}
for i = 1, 200 do
  local o = {}
  for f = 1, i % 20 do o["field" .. f] = { f } end
  objs[i] = o
end
collectgarbage()
local fields = 0
for i = 1, 200 do for _, v in pairs(objs[i]) do fields = fields + v[1] end end
print(fields) -- expect: 13300
local bykey = {}
for i = 1, 300 do bykey[objs[i % 200 + 1]] = { i } end
collectgarbage()
local found = 0
for _, o in ipairs(objs) do if bykey[o] then found = found + bykey[o][1] end end
print(found) -- expect: 40100
local wide = {}
for i = 1, 200 do wide[i] = (1 << 62) + i; wide["w" .. i] = -(1 << 55) - i; wide[(1 << 60) + i] = i + 0.5 end
collectgarbage()
print(wide[1] == (1 << 62) + 1, wide.w200 == -(1 << 55) - 200, wide[(1 << 60) + 7], #wide) -- expect: true true 7.5 200
