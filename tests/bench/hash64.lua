-- Benchmark: 64-bit integer arithmetic. xorshift, FNV-1a and a SipHash-like
-- mixer, all wrapping around. Argument: number of iterations.
local N = tonumber((...)) or 9000000

local function xorshift(n)
  local x, acc = 0x2545F4914F6CDD1D, 0
  for _ = 1, n do
    x = x ~ (x << 13)
    x = x ~ (x >> 7)
    x = x ~ (x << 17)
    acc = acc + (x * 0x2545F4914F6CDD1D)
  end
  return x, acc
end

local function fnv(data, rounds)
  local h = 0xcbf29ce484222325
  for _ = 1, rounds do
    for i = 1, #data do h = (h ~ data[i]) * 0x100000001b3 end
  end
  return h
end

local function rotl(x, b) return (x << b) | (x >> (64 - b)) end

local function mix(n)
  local a, b, c, d = 0x736f6d6570736575, 0x646f72616e646f6d, 0x6c7967656e657261, 0x7465646279746573
  for i = 1, n do
    d = d ~ i
    a = a + b; b = rotl(b, 13) ~ a; a = rotl(a, 32)
    c = c + d; d = rotl(d, 16) ~ c
    a = a + d; d = rotl(d, 21) ~ a
    c = c + b; b = rotl(b, 17) ~ c; c = rotl(c, 32)
    a = a ~ i
  end
  return a ~ b ~ c ~ d
end

local data = {}
for i = 1, 1000 do data[i] = (i * 37) & 0xff end
print(string.format("xorshift %016x %016x", xorshift(N * 3)))
print(string.format("fnv %016x", fnv(data, N // 250)))
print(string.format("mix %016x", mix(N // 4)))
-- wide values kept in a table
local wide, h = {}, 1
for i = 1, 100000 do
  h = h * 6364136223846793005 + 1442695040888963407
  wide[i] = h
end
local acc = 0
for i = 1, #wide do acc = acc ~ wide[i] end
print(string.format("wide %016x", acc))
