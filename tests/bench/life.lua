-- Benchmark: nested arrays. Conway's Life on a torus. Argument: generations.
local N = tonumber((...)) or 2600
local W, H = 96, 80

local function empty()
  local g = {}
  for y = 1, H do
    local row = {}
    for x = 1, W do row[x] = 0 end
    g[y] = row
  end
  return g
end

local function step(g, out)
  for y = 1, H do
    local up, here, down = g[y == 1 and H or y - 1], g[y], g[y == H and 1 or y + 1]
    local row = out[y]
    for x = 1, W do
      local l = x == 1 and W or x - 1
      local r = x == W and 1 or x + 1
      local n = up[l] + up[x] + up[r] + here[l] + here[r] + down[l] + down[x] + down[r]
      row[x] = (n == 3 or n == 2 and here[x] == 1) and 1 or 0
    end
  end
end

local a, b = empty(), empty()
local seed = 7
for y = 1, H do
  for x = 1, W do
    seed = (seed * 16807) % 2147483647
    a[y][x] = seed % 3 == 0 and 1 or 0
  end
end

for _ = 1, N do
  step(a, b)
  a, b = b, a
end

local alive, hash = 0, 0
for y = 1, H do
  for x = 1, W do
    alive = alive + a[y][x]
    hash = (hash * 2 + a[y][x]) % 1000000007
  end
end
print("life", N, alive, hash)
