-- ephemeron-chain: one table with weak keys in which 100,000 entries each have
-- the next one's key as their value, entered in shuffled order; beside it
-- objects that die old, so that the whole heap is collected several times.
local n = sized(100000)
local keys = {}
for i = 1, n + 1 do
  keys[i] = { id = i }
  if i % 32 == 0 then tick() end
end
local order = {}
for i = 1, n do
  order[i] = i
  if i % 64 == 0 then tick() end
end
for i = n, 2, -1 do
  local j = random(i)
  order[i], order[j] = order[j], order[i]
  if i % 64 == 0 then tick() end
end
local chain = setmetatable({}, { __mode = "k" })
for at = 1, n do
  local i = order[at]
  chain[keys[i]] = keys[i + 1]
  if at % 32 == 0 then tick() end
end
local first = keys[1]
keys, order = nil, nil

local ring, size, sum = {}, sized(200000), 0
for i = 1, size do
  ring[i] = { round = i }
  if i % 32 == 0 then tick() end
end
for round = 1, sized(2000000) do
  local i = random(size)
  sum = (sum + ring[i].round) % 1000000007
  ring[i] = { round = round }
  if round % 32 == 0 then tick() end
end

local key, links = first, 0
while chain[key] do
  key = chain[key]
  links = links + 1
  if links % 32 == 0 then tick() end
end
finish("ephemeron-chain", links, key.id, sum)
