-- grow-strings: one table grows to 10^6 string keys.
local n = sized(1000000)
local index = {}
for i = 1, n do
  index["key" .. i] = i
  if i % 16 == 0 then tick() end
end
local sum = 0
for i = 1, n do
  sum = (sum + index["key" .. i] * (i & 7)) % 1000000007
  if i % 16 == 0 then tick() end
end
finish("grow-strings", n, sum)
