-- Benchmark: allocation. Builds and walks many perfect binary trees while one
-- large tree stays alive. Argument: the greatest depth.
local N = tonumber((...)) or 16

local function make(depth)
  if depth == 0 then return {} end
  depth = depth - 1
  return { make(depth), make(depth) }
end

local function count(node)
  local left = node[1]
  if left then return 1 + count(left) + count(node[2]) end
  return 1
end

local shallow = 4
local deepest = math.max(shallow + 2, N)

do
  local stretch = make(deepest + 1)
  print("stretch tree of depth", deepest + 1, "nodes", count(stretch))
end

local long_lived = make(deepest)
for depth = shallow, deepest, 4 do
  local rounds = 1 << (deepest - depth + shallow)
  local nodes = 0
  for _ = 1, rounds do nodes = nodes + count(make(depth)) end
  print(rounds, "trees of depth", depth, "nodes", nodes)
end
print("long lived tree of depth", deepest, "nodes", count(long_lived))
