-- grow-array: one array grows to 2*10^7 elements.
local n = sized(20000000)
local array = {}
for i = 1, n do
  array[i] = i
  if i % 64 == 0 then tick() end
end
local sum = 0
for i = 1, n do
  sum = sum + array[i] * (i & 7)
  if i % 512 == 0 then tick() end
end
finish("grow-array", #array, sum)
