-- Closures: shared and fresh upvalues, nesting, mutation after return.
local function pair()
  local n = 0
  return function() n = n + 1; return n end, function() return n end
end
local inc, get = pair()
inc(); inc()
print(get()) -- expect: 2
local inc2, get2 = pair()
inc2()
print(get(), get2()) -- expect: 2 1
local fns = {}
for i = 1, 3 do fns[i] = function(d) i = i + (d or 0); return i end end
print(fns[1](10), fns[1](), fns[2](), fns[3](1)) -- expect: 11 11 2 4
local fns2 = {}
for _, w in ipairs({ "x", "y" }) do fns2[#fns2 + 1] = function() return w end end
print(fns2[1](), fns2[2]()) -- expect: x y
local function outer()
  local a = 1
  local function middle()
    local b = 2
    return function() a = a + b; b = b + 1; return a, b end
  end
  return middle(), middle(), function() return a end
end
local m1, m2, geta = outer()
print(m1()); print(m2()); print(m1()); print(geta())
-- expect: 3 3
-- expect: 5 3
-- expect: 8 4
-- expect: 8
local k = 0
while k < 2 do
  local captured = k
  fns[k] = function() captured = captured + 100; return captured end
  k = k + 1
end
print(fns[0](), fns[0](), fns[1]()) -- expect: 100 200 101
local function fix(f) return (function(x) return x(x) end)(function(x) return f(function(v) return x(x)(v) end) end) end
print(fix(function(self) return function(n) return n < 2 and 1 or n * self(n - 1) end end)(10)) -- expect: 3628800
local function adder(a) return function(b) return function(c) return a + b + c end end end
print(adder(1)(2)(3)) -- expect: 6
