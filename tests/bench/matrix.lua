-- Benchmark: matrices as arrays of arrays. Products, transposition and an
-- elimination. Argument: order of the matrices.
local N = tonumber((...)) or 270

local function build(n, f)
  local m = {}
  for i = 1, n do
    local row = {}
    for j = 1, n do row[j] = f(i, j) end
    m[i] = row
  end
  return m
end

local function transpose(m)
  return build(#m, function(i, j) return m[j][i] end)
end

local function multiply(a, b)
  local n, bt, c = #a, transpose(b), {}
  for i = 1, n do
    local ai, ci = a[i], {}
    for j = 1, n do
      local bj, s = bt[j], 0.0
      for k = 1, n do s = s + ai[k] * bj[k] end
      ci[j] = s
    end
    c[i] = ci
  end
  return c
end

local function determinant_sign_and_log(m)
  local n, sign, log = #m, 1, 0.0
  for k = 1, n do
    local p = k
    for i = k + 1, n do
      if math.abs(m[i][k]) > math.abs(m[p][k]) then p = i end
    end
    if p ~= k then m[p], m[k] = m[k], m[p]; sign = -sign end
    local pivot = m[k][k]
    if pivot < 0 then sign = -sign end
    log = log + math.log(math.abs(pivot))
    for i = k + 1, n do
      local row, base = m[i], m[k]
      local f = row[k] / pivot
      for j = k, n do row[j] = row[j] - f * base[j] end
    end
  end
  return sign, log
end

local a = build(N, function(i, j) return ((i * 7 + j * 3) % 11) / 11 + (i == j and 2 or 0) end)
local b = build(N, function(i, j) return ((i * 5 - j) % 13) / 13 end)
local c = multiply(a, b)
c = multiply(c, a)
c = multiply(b, c)
local trace = 0.0
for i = 1, N do trace = trace + c[i][i] end
print(string.format("matrix %d trace %.4f", N, trace))
local sign, log = determinant_sign_and_log(a)
print(string.format("matrix det %d %.6f", sign, log))
-- integer product, element by element, without transposing
local x = build(N, function(i, j) return (i + j) % 10 end)
local sum = 0
for i = 1, N do
  for j = 1, N do
    local s = 0
    for k = 1, N do s = s + x[i][k] * x[k][j] end
    sum = sum + s
  end
end
print("matrix int", sum)
