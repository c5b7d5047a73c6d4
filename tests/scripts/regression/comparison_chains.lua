-- Comparisons as values, in conditions, negated, with constants on both sides.
local x, y, nan = 5, 10, 0 / 0
print(x < y, x > y, x <= 5, 5 >= x, x ~= y, not (x == y), 5 < x, 5.0 <= x, x == 5.0)
-- expect: true false true true true true false true true
print((x < y) == true, (x < y and y or x), (x > y and x or y), not (x < y) or "f") -- expect: true 10 10 f
local function cmp(a, b) if a < b then return -1 elseif a > b then return 1 elseif a == b then return 0 else return "unordered" end end
print(cmp(1, 2), cmp(2, 1), cmp(1, 1.0), cmp(nan, 1), cmp("a", "b"), cmp(-0.0, 0)) -- expect: -1 1 0 unordered -1 0
local n = 0
if not (nan < 1) then n = n + 1 end
if not (nan >= 1) then n = n + 1 end
if nan ~= nan then n = n + 1 end
while not (n >= 5) do n = n + 1 end
print(n) -- expect: 5
print(1 < 2 == (2 < 3), nil == false, 0 == -0, "1" == 1, 1 == 1.0, math.maxinteger + 0.0 == math.maxinteger)
-- expect: true false true false true false
local t = {}
print(t == t, t ~= {}, (t == t and "same") or "other", not t == nil) -- expect: true true same false
local k <const> = 3
print(k > 2, 2 < k, k == 3, k ~= 3.0, -k < -2, x > k, k < x) -- expect: true true true false true true true
print(x == "5", x ~= nil, nil ~= nil, true == not false, x > -129, x < 1000, x >= -1000000) -- expect: false true false true true true true
