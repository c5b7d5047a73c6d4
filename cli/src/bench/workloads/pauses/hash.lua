-- hash: random stores of fresh objects into a hash of 2*10^6 entries.
local n = sized(2000000)
local function key(i) return i * 7919 + 3 end
local hash = {}
for i = 1, n do
  hash[key(i)] = { round = 0 }
  if i % 64 == 0 then tick() end
end

local sum = 0
for round = 1, sized(6000000) do
  local k = key(random(n))
  sum = (sum + hash[k].round) % 1000000007
  hash[k] = { round = round }
  if round % 32 == 0 then tick() end
end
local entries = 0
for _ in pairs(hash) do
  entries = entries + 1
  if entries % 256 == 0 then tick() end
end
finish("hash", entries, sum)
