-- collects: yes
-- stress: off
-- Memory that is dropped is given back: the count falls, garbage does not pile up.
collectgarbage(); collectgarbage()
local base = collectgarbage("count")
local big = {}
for i = 1, 50000 do big[i] = { i } end
local full = collectgarbage("count")
big = nil
collectgarbage(); collectgarbage()
local after = collectgarbage("count")
print(full - base > 1000, after - base < 500) -- expect: true true
local peak = 0
for i = 1, 300000 do
  local t = { i, tostring(i) }
  if i % 10000 == 0 then peak = math.max(peak, collectgarbage("count")) end
end
print(peak < base + 60000) -- expect: true
for i = 1, 50 do local s = ("x"):rep(1000000) .. i end
collectgarbage(); collectgarbage()
print(collectgarbage("count") < base + 2000) -- expect: true
