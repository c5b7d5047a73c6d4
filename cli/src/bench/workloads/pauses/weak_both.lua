-- weak-both: a cache of 10^6 entries with weak keys and values; both are dropped
-- at random, each on its own.
local n = sized(1000000)
local cache = setmetatable({}, { __mode = "kv" })
local keys, values = {}, {}
for i = 1, n do
  local key, value = { id = i }, { cost = i % 17 }
  keys[i], values[i] = key, value
  cache[key] = value
  if i % 32 == 0 then tick() end
end

local sum = 0
for round = 1, sized(3000000) do
  local i = random(n)
  local key, value = keys[i], values[i]
  if cache[key] ~= value then error("a live entry is gone") end
  sum = (sum + value.cost * key.id) % 1000000007
  if round % 4 == 0 then
    key = { id = round }
    keys[i] = key
    cache[key] = value
  elseif round % 4 == 2 then
    value = { cost = round % 17 }
    values[i] = value
    cache[key] = value
  end
  if round % 32 == 0 then tick() end
end
finish("weak-both", n, sum)
