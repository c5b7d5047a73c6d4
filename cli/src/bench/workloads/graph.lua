-- graph: communities of nodes that point at each other and back. Whole
-- communities are dropped and rebuilt, so that all garbage is cyclic.
local scale = tonumber((...)) or 1
local communities = math.max(4, math.floor(1000 * scale))
local members = 60
local rounds = math.max(1, math.floor(6000 * scale))

local seed = 42
local function random(n)
  seed = (seed * 16807) % 2147483647
  return seed % n + 1
end

local function community(id)
  local nodes = {}
  for i = 1, members do nodes[i] = { id = id * members + i, edges = {}, weight = i % 7, home = nodes } end
  for i = 1, members do
    local node = nodes[i]
    for e = 1, 3 do
      local other = nodes[random(members)]
      node.edges[e] = other
      other.back = node
    end
    node.next = nodes[i % members + 1]
  end
  return nodes
end

local graph = {}
for id = 1, communities do graph[id] = community(id) end

local function walk(node, steps)
  local sum = 0
  for step = 1, steps do
    sum = sum + node.weight * step
    node = step % 5 == 0 and node.back or node.edges[step % 3 + 1]
    node = node or graph[1][1]
  end
  return sum
end

local sum = 0
for round = 1, rounds do
  local id = random(communities)
  sum = (sum + walk(graph[id][random(members)], 100)) % 1000000007
  graph[id] = community(id + round)
  -- now and then a bridge between two communities
  local a, b = graph[random(communities)], graph[random(communities)]
  a[random(members)].bridge = b[random(members)]
end
local weight = 0
for id = 1, communities do
  for _, node in ipairs(graph[id]) do
    weight = weight + node.weight + (node.bridge and node.bridge.weight or 0)
  end
end
print("graph", communities * members, weight, sum)
