-- Benchmark: array swaps. Heapsort of floats. Argument: number of elements.
local N = tonumber((...)) or 180000

local function sift(t, root, last)
  local v = t[root]
  while true do
    local child = root * 2
    if child > last then break end
    if child < last and t[child] < t[child + 1] then child = child + 1 end
    if v >= t[child] then break end
    t[root] = t[child]
    root = child
  end
  t[root] = v
end

local function heapsort(t)
  local n = #t
  for i = n // 2, 1, -1 do sift(t, i, n) end
  for last = n, 2, -1 do
    t[1], t[last] = t[last], t[1]
    sift(t, 1, last - 1)
  end
end

local seed = 12345
local function random()
  seed = (seed * 3877 + 29573) % 139968
  return seed / 139968
end

local sum = 0.0
for round = 1, 8 do
  local t = {}
  for i = 1, N do t[i] = random() * round end
  heapsort(t)
  for i = 2, N do
    if t[i - 1] > t[i] then error("not sorted at " .. i) end
  end
  sum = sum + t[1] + t[N // 2] + t[N]
end
print(string.format("heapsort %d %.9f", N, sum))
