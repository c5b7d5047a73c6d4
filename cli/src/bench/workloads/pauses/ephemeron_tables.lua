-- ephemeron-tables: 20,000 tables with weak keys and one entry each, every value
-- the key of another table's entry, in shuffled order; beside them objects that
-- die old, so that the whole heap is collected several times.
local n = sized(20000)
local weak = { __mode = "k" }
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
local keys = {}
for i = 1, n + 1 do
  keys[i] = { id = i }
  if i % 32 == 0 then tick() end
end
local tables = {}
for at = 1, n do
  local i = order[at]
  tables[at] = setmetatable({ [keys[i]] = keys[i + 1] }, weak)
  tick()
end
local first = keys[1]
keys = nil

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

-- every link is still there
local place = {}
for at = 1, n do
  place[order[at]] = tables[at]
  if at % 64 == 0 then tick() end
end
local key, links = first, 0
for i = 1, n do
  key = place[i][key]
  if key then links = links + 1 end
  if i % 32 == 0 then tick() end
end
finish("ephemeron-tables", links, key.id, sum)
