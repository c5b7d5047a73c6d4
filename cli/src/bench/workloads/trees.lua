-- trees: many short-lived perfect binary trees beside one that stays alive.
-- Almost everything dies young; the old tree is what a full mark must walk.
local scale = tonumber((...)) or 1
local depth = 15
local rounds = math.max(1, math.floor(200 * scale))

local function grow(d)
  if d == 0 then return {} end
  return { grow(d - 1), grow(d - 1) }
end

local function count(node)
  local left = node[1]
  if not left then return 1 end
  return 1 + count(left) + count(node[2])
end

local old = grow(depth)
local nodes = 0
for round = 1, rounds do
  -- one tree as deep as the old one less two, or many small ones
  local d = 5 + round % (depth - 6)
  for _ = 1, 1 << (depth - 1 - d) do nodes = nodes + count(grow(d)) end
end
print("trees", nodes, count(old))
