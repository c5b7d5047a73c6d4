-- Benchmark: linked structures. A flow graph with loops: depth-first
-- numbering, dominators, shortest paths, strongly connected components, after
-- the idea of loop finders such as Havlak's. Argument: rounds.
local N = tonumber((...)) or 90

local function build(size, seed)
  local nodes = {}
  for i = 1, size do nodes[i] = { id = i, out = {}, inn = {}, weight = {} } end
  local function link(a, b, w)
    local from, to = nodes[a], nodes[b]
    from.out[#from.out + 1] = to
    from.weight[to] = w
    to.inn[#to.inn + 1] = from
  end
  for i = 1, size - 1 do link(i, i + 1, 3 + i % 5) end
  for _ = 1, size do
    seed = (seed * 16807) % 2147483647
    local a = seed % size + 1
    seed = (seed * 16807) % 2147483647
    local span = seed % 60 - 25
    local b = math.max(2, math.min(size, a + span))
    link(a, b, seed % 17 + 1)
  end
  return nodes
end

local function postorder(root)
  local order, seen, stack = {}, { [root] = true }, { { node = root, at = 1 } }
  while #stack > 0 do
    local top = stack[#stack]
    local child = top.node.out[top.at]
    if child then
      top.at = top.at + 1
      if not seen[child] then
        seen[child] = true
        stack[#stack + 1] = { node = child, at = 1 }
      end
    else
      stack[#stack] = nil
      order[#order + 1] = top.node
      top.node.post = #order
    end
  end
  return order
end

local function dominators(root, order)
  for _, n in ipairs(order) do n.idom = nil end
  root.idom = root
  local changed, passes = true, 0
  while changed do
    changed = false
    passes = passes + 1
    for i = #order - 1, 1, -1 do
      local n, new = order[i], nil
      for _, p in ipairs(n.inn) do
        if p.idom then
          if not new then
            new = p
          else
            local a, b = p, new
            while a ~= b do
              while a.post < b.post do a = a.idom end
              while b.post < a.post do b = b.idom end
            end
            new = a
          end
        end
      end
      if n.idom ~= new then
        n.idom = new
        changed = true
      end
    end
  end
  return passes
end

local function components(nodes)
  local index, low, onstack, stack, n, count = {}, {}, {}, {}, 0, 0
  local function visit(v)
    n = n + 1
    index[v], low[v] = n, n
    stack[#stack + 1] = v
    onstack[v] = true
    for _, w in ipairs(v.out) do
      if not index[w] then
        visit(w)
        if low[w] < low[v] then low[v] = low[w] end
      elseif onstack[w] and index[w] < low[v] then
        low[v] = index[w]
      end
    end
    if low[v] == index[v] then
      count = count + 1
      local w
      repeat
        w = table.remove(stack)
        onstack[w] = nil
      until w == v
    end
  end
  -- short graphs only: visit recurses once a node
  for i = 1, #nodes do
    if not index[nodes[i]] then visit(nodes[i]) end
  end
  return count
end

local function distances(nodes)
  local dist, queue, first, last = { [nodes[1]] = 0 }, { nodes[1] }, 1, 1
  local queued = { [nodes[1]] = true }
  while queue[first] do
    local v = queue[first]
    queue[first] = nil
    first = first + 1
    queued[v] = nil
    for to, w in pairs(v.weight) do
      local d = dist[v] + w
      if not dist[to] or d < dist[to] then
        dist[to] = d
        if not queued[to] then
          queued[to] = true
          last = last + 1
          queue[last] = to
        end
      end
    end
  end
  local sum = 0
  for i = 1, #nodes do sum = sum + (dist[nodes[i]] or 0) end
  return sum
end

local checksum = 0
for round = 1, N do
  local nodes = build(1500, round * 7919)
  local order = postorder(nodes[1])
  local passes = dominators(nodes[1], order)
  local depth = 0
  for _, n in ipairs(nodes) do depth = depth + (n.idom and n.idom.id or 0) end
  checksum = (checksum * 5 + #order + passes + depth + components(nodes) + distances(nodes)) % 1000000007
end
print("graph", N, checksum)
