-- Benchmark: short-lived and re-used tables. Points, small lists, insert and
-- remove at both ends, keys deleted and added again. Argument: rounds.
local N = tonumber((...)) or 190
local insert, remove, unpack = table.insert, table.remove, table.unpack

local sum = 0
for round = 1, N do
  -- small records that die at once
  for i = 1, 12000 do
    local p = { x = i, y = round }
    local q = { x = p.y, y = p.x, { p.x + 1, p.y + 1 } }
    sum = (sum + q[1][1] * p.y + q.y) % 1000003
  end
  -- a stack and a short queue
  local stack, queue = {}, {}
  for i = 1, 6000 do
    insert(stack, i)
    insert(queue, 1, i)
    if i % 3 == 0 then sum = sum + remove(stack) end
    if #queue > 20 then sum = sum + remove(queue) end
  end
  -- a dictionary whose keys come and go
  local dict = {}
  for i = 1, 6000 do
    dict["k" .. i % 700] = i
    dict[i * 13 % 701] = round
    if i % 5 == 0 then dict["k" .. (i * 3) % 700] = nil end
  end
  for _, v in pairs(dict) do sum = sum + v end
  -- lists spread over varargs
  for i = 1, 2500 do
    local a, b, c = unpack({ i, i + 1, i + 2 })
    sum = sum + select("#", unpack({ a, b, c, i })) + c
  end
  sum = sum % 1000000007
end
print("table_churn", N, sum)
