-- Benchmark: floats in locals. Escape counts over a square of the complex
-- plane. Argument: width of the picture in points.
local N = tonumber((...)) or 1100

local function escape(cr, ci, limit)
  local zr, zi, zr2, zi2 = 0.0, 0.0, 0.0, 0.0
  for i = 1, limit do
    zi = 2.0 * zr * zi + ci
    zr = zr2 - zi2 + cr
    zr2, zi2 = zr * zr, zi * zi
    if zr2 + zi2 > 4.0 then return i end
  end
  return 0
end

local inside, hash = 0, 0
for y = 0, N - 1 do
  local ci = 2.4 * y / N - 1.2
  for x = 0, N - 1 do
    local n = escape(3.0 * x / N - 2.2, ci, 200)
    if n == 0 then inside = inside + 1 end
    hash = (hash * 31 + n) & 0xffffffff
  end
end
print("mandelbrot", N, inside, hash)
