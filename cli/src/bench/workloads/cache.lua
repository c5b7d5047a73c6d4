-- cache: a million entries under number and string keys, replaced at random.
-- The live heap is large and old, and new entries are stored into it all the time.
local scale = tonumber((...)) or 1
local entries = math.max(16, math.floor(1000000 * scale))

local state = 88172645463325252
local function random(n)
  state = state ~ (state << 13)
  state = state ~ (state >> 7)
  state = state ~ (state << 17)
  return (state & 0x7fffffff) % n + 1
end

-- every eighth entry lives under a string, the others under their number
local function key(id)
  if id % 8 == 0 then return "user:" .. id end
  return id
end

local cache = {}
for id = 1, entries do cache[key(id)] = { id = id, version = 0 } end

local sum = 0
for round = 1, entries // 2 do
  local id = random(entries)
  local k = key(id)
  local entry = cache[k]
  sum = (sum + entry.version * round) % 1000000007
  if round % 4 == 0 then
    entry.version = entry.version + 1
  else
    cache[k] = { id = id, version = entry.version + 1 }
  end
end

local live, versions = 0, 0
for _, entry in pairs(cache) do
  live = live + 1
  versions = versions + entry.version
end
print("cache", live, versions, sum)
