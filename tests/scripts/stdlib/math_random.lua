-- math.random: ranges, seeds give the same sequence, errors.
math.randomseed(42)
local a, b, c = math.random(100), math.random(100), math.random()
math.randomseed(42)
print(a == math.random(100), b == math.random(100), c == math.random()) -- expect: true true true
math.randomseed(42, 7)
local d = math.random(0)
math.randomseed(42)
print(d ~= math.random(0), math.type(d)) -- expect: true integer
local ok = true
for _ = 1, 1000 do
  local f, i, j = math.random(), math.random(6), math.random(-3, 3)
  ok = ok and f >= 0 and f < 1 and i >= 1 and i <= 6 and j >= -3 and j <= 3 and math.type(i) == "integer"
end
print(ok) -- expect: true
local seen = {}
for _ = 1, 500 do seen[math.random(3)] = true end
print(#seen, math.random(5, 5), math.random(1)) -- expect: 3 5 1
print(pcall(math.random, 0, -1)) -- expect: false bad argument #1 to 'math.random' (interval is empty)
print(pcall(math.random, 2, 1)) -- expect: false bad argument #1 to 'math.random' (interval is empty)
print(pcall(math.random, 1, 2, 3)) -- expect: false wrong number of arguments
print(pcall(math.random, 1.5)) -- expect: false bad argument #1 to 'math.random' (number has no integer representation)
local lo, hi = math.mininteger, math.maxinteger
ok = true
for _ = 1, 100 do local r = math.random(lo, hi); ok = ok and math.type(r) == "integer"; r = math.random(hi); ok = ok and r >= 1 end
print(ok, math.random(hi, hi) == hi) -- expect: true true
-- the generator is xoshiro256**: the same seed gives the reference's numbers
math.randomseed(123, 0)
print(math.random(1000), math.random(1000), math.random(1000), ("%x"):format(math.random(0))) -- expect: 37 809 89 b52cadce78a3f3af
math.randomseed(2024)
print(("%.6f %.6f"):format(math.random(), math.random()), math.random(-10, 10)) -- expect: 0.151998 0.549467 9
print(pcall(math.randomseed, {})) -- expect: false bad argument #1 to 'math.randomseed' (number expected, got table)
