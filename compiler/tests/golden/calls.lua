local Point = {}
function Point.new(x, y) return setmetatable({ x = x, y = y }, Point) end
function Point:move(dx, ...)
  self.x, self.y = self.x + dx, self.y + select("#", ...)
  print(self.x .. "," .. self.y, { 1, 2, ... })
  return self:move(dx - 1, ...)
end
do
  local file <close> = io.open("x")
  return file:read()
end
