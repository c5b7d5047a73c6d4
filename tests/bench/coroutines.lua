-- Benchmark: coroutines. Chained generators, a ring that passes a token, and
-- many short-lived coroutines. Argument: number of rounds.
local N = tonumber((...)) or 350
local yield, resume, create, wrap = coroutine.yield, coroutine.resume, coroutine.create, coroutine.wrap

local function range(a, b) return wrap(function() for i = a, b do yield(i) end end) end
local function filter(p, it) return wrap(function() for v in it do if p(v) then yield(v) end end end) end
local function mapped(f, it) return wrap(function() for v in it do yield(f(v)) end end) end

local sum = 0
for round = 1, N do
  local odd = filter(function(v) return v % 2 == 1 end, range(1, 6000))
  for v in mapped(function(v) return v * round end, odd) do sum = (sum + v) % 1000003 end

  local ring = {}
  for i = 1, 200 do
    ring[i] = create(function(token)
      while token do
        token = yield(token + i % 3)
      end
      return -1
    end)
  end
  local token = round
  for _ = 1, 40 do
    for i = 1, #ring do
      local ok
      ok, token = resume(ring[i], token)
      assert(ok)
    end
  end
  sum = sum + token
  for i = 1, #ring do resume(ring[i], nil) end

  for i = 1, 1500 do
    local co = create(function(a) local b = yield(a + 1); return a * b end)
    local _, x = resume(co, i)
    local _, y = resume(co, x)
    sum = (sum + y) % 1000003
  end
end
print("coroutines", N, sum)
