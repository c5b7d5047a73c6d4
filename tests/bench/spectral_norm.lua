-- Benchmark: floats in arrays. Largest singular value of an infinite matrix
-- by power iteration. Argument: order of the matrix.
local N = tonumber((...)) or 900

local function a(i, j)
  local ij = i + j
  return 1.0 / (ij * (ij + 1) * 0.5 + i + 1)
end

local function mul(n, v, out)
  for i = 0, n - 1 do
    local s = 0.0
    for j = 0, n - 1 do s = s + a(i, j) * v[j + 1] end
    out[i + 1] = s
  end
end

local function mul_transposed(n, v, out)
  for i = 0, n - 1 do
    local s = 0.0
    for j = 0, n - 1 do s = s + a(j, i) * v[j + 1] end
    out[i + 1] = s
  end
end

local u, v, tmp = {}, {}, {}
for i = 1, N do u[i] = 1.0 end
for _ = 1, 10 do
  mul(N, u, tmp); mul_transposed(N, tmp, v)
  mul(N, v, tmp); mul_transposed(N, tmp, u)
end
local uv, vv = 0.0, 0.0
for i = 1, N do
  uv = uv + u[i] * v[i]
  vv = vv + v[i] * v[i]
end
print(string.format("spectral_norm %d %.9f", N, math.sqrt(uv / vv)))
