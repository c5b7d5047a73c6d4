-- tables: 10^7 small tables live, replaced at random among short-lived ones.
local per = 1000
local count = math.max(1, sized(10000000) // per)
local buckets = {}
for b = 1, count do
  local bucket = {}
  for i = 1, per do
    bucket[i] = { id = b * per + i, uses = 0 }
    if i % 100 == 0 then tick() end
  end
  buckets[b] = bucket
end

local sum = 0
for round = 1, sized(6000000) do
  local bucket, i = buckets[random(count)], random(per)
  local old = bucket[i]
  local passing = { id = old.id, uses = old.uses + 1 }
  if round % 4 ~= 0 then
    bucket[i] = { id = passing.id, uses = passing.uses }
  else
    old.uses = passing.uses
  end
  sum = (sum + passing.id * passing.uses) % 1000000007
  if round % 32 == 0 then tick() end
end
finish("tables", count * per, sum)
