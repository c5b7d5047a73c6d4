-- weak-keys: a cache of 10^6 entries with weak keys; keys are dropped at random.
local n = sized(1000000)
local cache = setmetatable({}, { __mode = "k" })
local owners = {}
for i = 1, n do
  local owner = { id = i }
  owners[i] = owner
  cache[owner] = { cost = i % 17 }
  if i % 32 == 0 then tick() end
end

local sum = 0
for round = 1, sized(3000000) do
  local i = random(n)
  local owner = owners[i]
  sum = (sum + cache[owner].cost * owner.id) % 1000000007
  if round % 2 == 0 then
    owner = { id = round }
    owners[i] = owner
    cache[owner] = { cost = round % 17 }
  end
  if round % 32 == 0 then tick() end
end
finish("weak-keys", n, sum)
