-- Benchmark: a sliding window of live data. A linked queue of small nodes is
-- filled and drained at the same rate. Argument: number of nodes passed on.
local N = tonumber((...)) or 1600000

local head, tail, length, sum = nil, nil, 0, 0
for i = 1, N do
  local node = { value = i, next = nil }
  if tail then tail.next = node else head = node end
  tail = node
  length = length + 1
  if length > 200000 then
    sum = (sum + head.value * (i & 7)) % 1000000007
    head = head.next
    length = length - 1
  end
end
print("queue", N, length, sum, head.value, tail.value)

-- the same with a ring of indices in one table
local ring, first, last = {}, 1, 0
for i = 1, N do
  last = last + 1
  ring[last] = { i }
  if last - first > 1000 then
    sum = (sum + ring[first][1]) % 1000000007
    ring[first] = nil
    first = first + 1
  end
end
print("ring", last - first + 1, sum)
