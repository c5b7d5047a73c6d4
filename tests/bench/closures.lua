-- Benchmark: closures. Counters that share upvalues, function composition,
-- currying, folds over closures. Argument: number of rounds.
local N = tonumber((...)) or 1300

local function counter(step)
  local n = 0
  local function up() n = n + step; return n end
  local function down() n = n - 1; return n end
  return up, down
end

local function compose(f, g) return function(x) return f(g(x)) end end
local function curry(f) return function(a) return function(b) return f(a, b) end end end
local function map(t, f)
  local r = {}
  for i = 1, #t do r[i] = f(t[i]) end
  return r
end
local function fold(t, f, acc)
  for i = 1, #t do acc = f(acc, t[i]) end
  return acc
end

local items = {}
for i = 1, 1000 do items[i] = i end

local sum = 0
for round = 1, N do
  local up, down = counter(round)
  for _ = 1, 5000 do up(); up(); down() end
  sum = sum + up()
  local add = curry(function(a, b) return a + b end)
  local mapped = map(items, add(round))
  local twice = compose(add(1), function(x) return x * 2 end)
  mapped = map(mapped, twice)
  mapped = map(mapped, function(v) return function() return v - round end end)
  sum = sum + fold(mapped, function(a, thunk) return (a + thunk()) % 1000003 end, 0)
  -- closures made in a loop capture a fresh variable each
  local fns = {}
  for i = 1, 2000 do fns[i] = function(d) i = i + d; return i end end
  for pass = 1, 3 do
    for i = 1, #fns do sum = sum + fns[i](pass) % 7 end
  end
end
print("closures", N, sum)
