-- stress: 100
-- Closures and upvalues under collection: open, closed, shared.
local fns = {}
for i = 1, 100 do
  local a, b = { i }, "s" .. i
  fns[i] = { get = function() return a[1], b end, set = function(v) a = { v }; b = b .. "!" end }
end
collectgarbage()
for i = 1, 100, 3 do fns[i].set(i * 10) end
collectgarbage()
local sum, len = 0, 0
for i = 1, 100 do local x, s = fns[i].get(); sum = sum + x; len = len + #s end
print(sum, len) -- expect: 20503 326
local function outer()
  local v = { "open" }
  local function read() return v[1] end
  collectgarbage()
  local before = read()
  v = { "rewritten" }
  collectgarbage()
  return before, read(), read
end
local b, a, read = outer()
collectgarbage()
print(b, a, read()) -- expect: open rewritten rewritten
local counters = {}
for i = 1, 50 do local n = 0; counters[i] = function() n = n + 1; local t = {}; for j = 1, 5 do t[j] = function() return n + j end end return t[5]() end end
local total = 0
for r = 1, 5 do for i = 1, 50 do total = total + counters[i]() end end
print(total) -- expect: 2000
local chunk = load("local up = ...; return function() up[#up + 1] = #up; return #up end")
local c1, c2 = chunk({}), chunk({ 1, 2 })
collectgarbage()
print(c1(), c1(), c2(), c1()) -- expect: 1 2 3 3
