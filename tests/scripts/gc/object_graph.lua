-- stress: 500
-- A mutating object graph keeps its shape under collections: links, old to young.
local seed = 7
local function random(n) seed = (seed * 48271) % 2147483647; return seed % n + 1 end
local nodes = {}
for i = 1, 300 do nodes[i] = { id = i, links = {} } end
for round = 1, 40 do
  for _ = 1, 100 do
    local a, b = nodes[random(300)], nodes[random(300)]
    a.links[random(5)] = b
    a.payload = { round = round, text = "r" .. round }
    if random(4) == 1 then a.links = { a.links[1], b } end
  end
  local i = random(300)
  nodes[i] = { id = i, links = { nodes[random(300)] }, prev = nil }
  collectgarbage("step")
end
local sum, seen = 0, {}
local function visit(n, depth)
  if seen[n] or depth > 50 then return end
  seen[n] = true
  sum = sum + n.id
  for k = 1, 5 do if n.links[k] then visit(n.links[k], depth + 1) end end
end
for i = 1, 300 do
  assert(nodes[i].id == i)
  visit(nodes[i], 0)
end
collectgarbage()
local count, text = 0, 0
for n in pairs(seen) do count = count + 1; if n.payload then text = text + #n.payload.text - 1 - #tostring(n.payload.round) end end
print(count, sum, text) -- expect: 311 46939 0
