-- list: a linked list of 10^7 nodes, built, then moved on at both ends, then walked.
local n = sized(10000000)
local head = { value = 0, next = nil }
local tail, sum = head, 0
local function append(i)
  local node = { value = i, next = nil }
  tail.next = node
  tail = node
end
for i = 1, n do
  append(i)
  if i % 64 == 0 then tick() end
end
for i = n + 1, n + sized(5000000) do
  append(i)
  sum = (sum + head.value * (i & 7)) % 1000000007
  head = head.next
  if i % 64 == 0 then tick() end
end
local length = 0
while head do
  length = length + 1
  sum = (sum + head.value) % 1000000007
  head = head.next
  if length % 256 == 0 then tick() end
end
finish("list", length, sum)
