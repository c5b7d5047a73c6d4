-- array: random stores of fresh objects into one array of 10^7 slots.
local n = sized(10000000)
local array = {}
for i = 1, n do
  array[i] = i
  if i % 256 == 0 then tick() end
end

local sum = 0
for round = 1, sized(8000000) do
  local i = random(n)
  local old = array[i]
  if type(old) == "table" then sum = (sum + old.round) % 1000000007 end
  array[i] = { round = round }
  if round % 32 == 0 then tick() end
end
finish("array", #array, sum)
