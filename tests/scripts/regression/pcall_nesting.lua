-- stress: off
-- Endless recursion through protected calls ends, in their number as in time.
local function f() return pcall(f) end
print((select("#", f())) < 250) -- expect: true
local function g() assert(pcall(g)) end
print(pcall(g) == false) -- expect: true
local function h() return xpcall(h, h) end
print((h())) -- expect: true
local co = coroutine.wrap(function() return select("#", f()) end)
print(co() < 250) -- expect: true
-- Protected calls that ended do not count.
for i = 1, 1000 do pcall(error) pcall(pcall, error) end
print(select("#", f()) > 100) -- expect: true
local y = coroutine.wrap(function() for i = 1, 1000 do pcall(coroutine.yield, i) end return "end" end)
local last
for i = 1, 1001 do last = y() end
print(last) -- expect: end
