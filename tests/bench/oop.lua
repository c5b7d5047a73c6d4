-- Benchmark: objects. Classes by metatables with two levels of inheritance,
-- virtual calls, accessors, an operator. Argument: number of rounds.
local N = tonumber((...)) or 450

local function class(base)
  local c = {}
  c.__index = c
  if base then setmetatable(c, { __index = base }) end
  function c.new(...)
    local self = setmetatable({}, c)
    self:init(...)
    return self
  end
  return c
end

local Shape = class()
function Shape:init(name) self.name = name; self.visits = 0 end
function Shape:area() return 0 end
function Shape:visit() self.visits = self.visits + 1; return self:area() end
function Shape:label() return self.name end

local Rect = class(Shape)
function Rect:init(w, h) Shape.init(self, "rect"); self.w, self.h = w, h end
function Rect:area() return self.w * self.h end

local Square = class(Rect)
function Square:init(side) Rect.init(self, side, side); self.name = "square" end
function Square:scale(k) self.w = self.w * k % 97 + 1; self.h = self.w end

local Circle = class(Shape)
function Circle:init(r) Shape.init(self, "circle"); self.r = r end
function Circle:area() return 3 * self.r * self.r end

local Vec = {}
Vec.__index = Vec
function Vec.new(x, y) return setmetatable({ x = x, y = y }, Vec) end
Vec.__add = function(a, b) return Vec.new(a.x + b.x, a.y + b.y) end
Vec.__eq = function(a, b) return a.x == b.x and a.y == b.y end
function Vec:dot(o) return self.x * o.x + self.y * o.y end

local sum = 0
for round = 1, N do
  local shapes = {}
  for i = 1, 300 do
    local k = i % 3
    shapes[i] = k == 0 and Rect.new(i, round) or k == 1 and Square.new(i) or Circle.new(i)
  end
  for _ = 1, 10 do
    for _, s in ipairs(shapes) do
      sum = sum + s:visit()
      if s.scale then s:scale(3) end
      if s:label() == "circle" then sum = sum - 1 end
    end
  end
  local v = Vec.new(0, 0)
  for i = 1, 4000 do
    v = v + Vec.new(i, -round)
    if v == Vec.new(0, 0) then sum = sum + 1 end
  end
  sum = (sum + v:dot(Vec.new(1, 2))) % 1000000007
end
print("oop", N, sum)
