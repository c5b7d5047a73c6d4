-- grow-hash: one hash grows to 4*10^6 keys.
local n = sized(4000000)
local hash = {}
for i = 1, n do
  hash[i * 7919 + 3] = i
  if i % 32 == 0 then tick() end
end
local sum = 0
for i = 1, n do
  sum = (sum + hash[i * 7919 + 3] * (i & 7)) % 1000000007
  if i % 256 == 0 then tick() end
end
finish("grow-hash", n, sum)
