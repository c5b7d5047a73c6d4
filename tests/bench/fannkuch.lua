-- Benchmark: arrays. Pancake flips over all permutations, in the order that
-- rotates prefixes. Argument: the number of pancakes.
local N = tonumber((...)) or 9

local function flips_of(perm, work, n)
  for i = 1, n do work[i] = perm[i] end
  local flips = 0
  local first = work[1]
  while first ~= 1 do
    local lo, hi = 1, first
    while lo < hi do
      work[lo], work[hi] = work[hi], work[lo]
      lo = lo + 1
      hi = hi - 1
    end
    flips = flips + 1
    first = work[1]
  end
  return flips
end

local function fannkuch(n)
  local perm, work, count = {}, {}, {}
  for i = 1, n do perm[i] = i; count[i] = 0 end
  local checksum, max, sign = 0, 0, 1
  while true do
    local f = flips_of(perm, work, n)
    if f > max then max = f end
    checksum = checksum + sign * f
    sign = -sign
    -- next permutation: rotate the shortest prefix that still has turns left
    local i = 2
    while true do
      if i > n then return checksum, max end
      local head = perm[1]
      for j = 1, i - 1 do perm[j] = perm[j + 1] end
      perm[i] = head
      count[i] = count[i] + 1
      if count[i] < i then break end
      count[i] = 0
      i = i + 1
    end
  end
end

for size = 3, N do print("fannkuch", size, fannkuch(size)) end
for _ = 1, 5 do print("fannkuch", N, fannkuch(N)) end
