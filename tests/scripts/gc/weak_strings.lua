-- collects: yes
-- Strings are values: never removed from weak tables, interned anew correctly.
local t = setmetatable({}, { __mode = "kv" })
for i = 1, 200 do t["key" .. i] = "value" .. i end
collectgarbage()
local n = 0
for k, v in pairs(t) do if v == "value" .. k:sub(4) then n = n + 1 end end
print(n) -- expect: 200
for _ = 1, 3 do
  local dict = {}
  for i = 1, 1000 do dict["temp" .. i] = i end
  dict = nil
  collectgarbage()
end
local again = {}
for i = 1, 1000 do again["temp" .. i] = i end
local sum = 0
for i = 1000, 1, -1 do sum = sum + again[("temp%d"):format(i)] end
print(sum, t.key1, t["key" .. 200]) -- expect: 500500 value1 value200
