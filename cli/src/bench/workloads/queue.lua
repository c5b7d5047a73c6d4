-- queue: a linked queue drained as fast as it is filled. Every node lives just
-- long enough to look old, which is the case generations handle worst.
local scale = tonumber((...)) or 1
local total = math.max(1000, math.floor(3000000 * scale))
local window = math.max(100, math.floor(200000 * scale))

local head, tail, length, sum = nil, nil, 0, 0
for i = 1, total do
  local node = { value = i, next = nil }
  if tail then tail.next = node else head = node end
  tail = node
  length = length + 1
  if length > window then
    sum = (sum + head.value * (i & 7)) % 1000000007
    head = head.next
    length = length - 1
  end
end
print("queue", length, sum, head.value, tail.value)
