-- weak-values: a cache of 10^6 entries with weak values; values are dropped at random.
local n = sized(1000000)
local cache = setmetatable({}, { __mode = "v" })
local holders = {}
for i = 1, n do
  local value = { id = i, cost = i % 17 }
  holders[i] = value
  cache[i] = value
  if i % 32 == 0 then tick() end
end

local sum = 0
for round = 1, sized(3000000) do
  local i = random(n)
  local value = holders[i]
  if cache[value.id] ~= value then error("a live value is gone") end
  sum = (sum + value.cost * i) % 1000000007
  if round % 2 == 0 then
    value = { id = n + round, cost = round % 17 }
    holders[i] = value
    cache[value.id] = value
  end
  if round % 32 == 0 then tick() end
end
finish("weak-values", n, sum)
