-- Benchmark: arrays. Sieve of Eratosthenes over a boolean array, several
-- times. Argument: the upper bound.
local N = tonumber((...)) or 2000000

local function sieve(n)
  local composite = {}
  for i = 1, n do composite[i] = false end
  local count, last = 0, 0
  for i = 2, n do
    if not composite[i] then
      count = count + 1
      last = i
      for j = i * i, n, i do composite[j] = true end
    end
  end
  return count, last
end

local total = 0
for round = 1, 12 do
  local count, last = sieve(N - round * 1000)
  total = total + count * round + last
end
print("sieve", N, total)
