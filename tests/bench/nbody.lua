-- Benchmark: floats in fields. Symplectic integration of a small planetary
-- system. Argument: number of steps.
local N = tonumber((...)) or 850000
local sqrt = math.sqrt

local function body(x, y, z, vx, vy, vz, mass)
  return { x = x, y = y, z = z, vx = vx, vy = vy, vz = vz, mass = mass }
end

local bodies = {
  body(0, 0, 0, 0, 0, 0, 39.5),
  body(4.8, -1.2, -0.1, 0.6, 2.8, -0.02, 0.038),
  body(8.3, 4.1, -0.4, -1.0, 1.8, 0.008, 0.011),
  body(12.9, -15.1, -0.2, 1.1, 0.9, -0.01, 0.0017),
  body(15.4, -25.9, 0.18, 0.98, 0.59, -0.03, 0.002),
}

local function centre(list)
  local px, py, pz = 0.0, 0.0, 0.0
  for _, b in ipairs(list) do
    px = px + b.vx * b.mass
    py = py + b.vy * b.mass
    pz = pz + b.vz * b.mass
  end
  local sun = list[1]
  sun.vx, sun.vy, sun.vz = -px / sun.mass, -py / sun.mass, -pz / sun.mass
end

local function advance(list, n, dt)
  for i = 1, n do
    local a = list[i]
    local ax, ay, az, am = a.x, a.y, a.z, a.mass
    local avx, avy, avz = a.vx, a.vy, a.vz
    for j = i + 1, n do
      local b = list[j]
      local dx, dy, dz = ax - b.x, ay - b.y, az - b.z
      local d2 = dx * dx + dy * dy + dz * dz
      local mag = dt / (d2 * sqrt(d2))
      local bm = b.mass * mag
      avx = avx - dx * bm
      avy = avy - dy * bm
      avz = avz - dz * bm
      bm = am * mag
      b.vx = b.vx + dx * bm
      b.vy = b.vy + dy * bm
      b.vz = b.vz + dz * bm
    end
    a.vx, a.vy, a.vz = avx, avy, avz
    a.x = ax + dt * avx
    a.y = ay + dt * avy
    a.z = az + dt * avz
  end
end

local function energy(list, n)
  local e = 0.0
  for i = 1, n do
    local a = list[i]
    e = e + 0.5 * a.mass * (a.vx ^ 2 + a.vy ^ 2 + a.vz ^ 2)
    for j = i + 1, n do
      local b = list[j]
      local dx, dy, dz = a.x - b.x, a.y - b.y, a.z - b.z
      e = e - a.mass * b.mass / sqrt(dx * dx + dy * dy + dz * dz)
    end
  end
  return e
end

centre(bodies)
print(string.format("nbody start %.9f", energy(bodies, #bodies)))
for _ = 1, N do advance(bodies, #bodies, 0.01) end
print(string.format("nbody end %.9f", energy(bodies, #bodies)))
