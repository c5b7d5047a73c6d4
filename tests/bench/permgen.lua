-- Benchmark: recursive coroutines. Permutations by a recursive generator and
-- in-order walks of trees that yield from depth. Argument: permutation size.
local N = tonumber((...)) or 10

local function permute(a, n)
  if n <= 1 then
    coroutine.yield(a)
  else
    for i = 1, n do
      a[n], a[i] = a[i], a[n]
      permute(a, n - 1)
      a[n], a[i] = a[i], a[n]
    end
  end
end

local function permutations(n)
  local a = {}
  for i = 1, n do a[i] = i end
  return coroutine.wrap(function() permute(a, n) end)
end

local count, hash = 0, 0
for p in permutations(N) do
  count = count + 1
  hash = (hash * 7 + p[1] * 3 + p[N]) % 1000000007
end
print("permutations", N, count, hash)

local function insert(node, v)
  if not node then return { v = v } end
  if v < node.v then node.l = insert(node.l, v) else node.r = insert(node.r, v) end
  return node
end

local function walk(node)
  if node then
    walk(node.l)
    coroutine.yield(node.v)
    walk(node.r)
  end
end

local root, seed = nil, 5
for _ = 1, N * 3000 do
  seed = (seed * 16807) % 2147483647
  root = insert(root, seed % 100000)
end
local last, steps, sum = -1, 0, 0
for _ = 1, 6 do
  last = -1
  for v in coroutine.wrap(function() walk(root) end) do
    if v < last then error("out of order") end
    last = v
    steps = steps + 1
    sum = (sum + v * steps) % 1000000007
  end
end
print("walk", steps, sum)
