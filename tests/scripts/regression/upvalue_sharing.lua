-- Two closures over one variable see each other's writes, also after closing.
local get, set
do
  local v = 1
  get, set = function() return v end, function(x) v = x end
  v = v + 1
  print(get()) -- expect: 2
  set(10)
  print(v) -- expect: 10
end
set(20)
print(get()) -- expect: 20
local function make() local a, b = 0, 0; return { function() a = a + 1; return a + b end, function() b = b + 10; return a + b end } end
local m = make()
print(m[1](), m[2](), m[1](), m[2]()) -- expect: 1 11 12 22
local function swap(x, y) local function s() x, y = y, x end s() return x, y end
print(swap("a", "b")) -- expect: b a
local co = coroutine.wrap(function() local z = 1; local inc = function() z = z + 1 end; while true do inc(); coroutine.yield(z, inc) end end)
local z, inc = co()
inc(); inc()
print(z, (co())) -- expect: 2 5
local function rec(n) local v = n; local f = function() v = v * 2; return v end; if n > 0 then rec(n - 1) end return f() + v end
print(rec(3)) -- expect: 12
