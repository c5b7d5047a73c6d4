-- Benchmark: a large live heap. Fills a cache of small tables under string
-- and integer keys, then replaces entries at random. Argument: entries.
local N = tonumber((...)) or 1000000

local state = 88172645463325252
local function random(n)
  state = state ~ (state << 13)
  state = state ~ (state >> 7)
  state = state ~ (state << 17)
  return (state & 0x7fffffff) % n + 1
end

local cache = {}
local function entry(id, version) return { id = id, version = version, hits = 0 } end

-- every fourth entry lives under a string key, the rest under its number
local function key(i)
  if i % 4 == 0 then return "key" .. i end
  return i
end

for i = 1, N do cache[key(i)] = entry(i, 0) end

local hits, versions = 0, 0
for round = 1, N // 2 do
  local i = random(N)
  local e = cache[key(i)]
  if e.version % 2 == 0 then
    cache[key(i)] = entry(i, e.version + 1)
  else
    e.hits = e.hits + 1
    e.version = e.version + 1
    hits = hits + e.hits
  end
  versions = (versions + e.version * round) % 1000000007
end
local live = 0
for _, e in pairs(cache) do live = live + e.id % 2 + e.version end
print("cache", N, hits, versions, live)
