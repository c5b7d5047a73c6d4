-- collects: yes
-- What finalizers may do: allocate, collect, yield-free coroutines, errors in pcall.
local seen = {}
local function finalizable(f) setmetatable({}, { __gc = f }) end
finalizable(function() for i = 1, 1000 do seen[i] = { i } end end)
finalizable(function() collectgarbage(); collectgarbage("step") end)
finalizable(function() local co = coroutine.wrap(function() coroutine.yield(1) coroutine.yield(2) end); seen.co = co() + co() end)
finalizable(function() seen.pcall = pcall(error, "x") end)
finalizable(function() finalizable(function() seen.nested = true end) end)
finalizable(function() seen.yield = select(2, pcall(coroutine.yield)) end)
collectgarbage(); collectgarbage()
print(#seen, seen[1000][1], seen.co, seen.pcall, seen.nested, seen.yield)
-- expect: 1000 1000 3 false true attempt to yield from outside a coroutine
local calls = 0
local function churn(n) for i = 1, n do setmetatable({}, { __gc = function() calls = calls + 1 end }) end end
churn(300)
collectgarbage()
print(calls) -- expect: 300
-- a finalizer that removes other objects' references
local a = {}
a.self = setmetatable({}, { __gc = function() a.self = nil; a.done = true end })
a.self = nil
collectgarbage()
print(a.done, a.self) -- expect: true nil
-- finalizers run for objects that only a dead coroutine held
local co = coroutine.create(function() local held = setmetatable({}, { __gc = function() print("from coroutine") end }); coroutine.yield() return held end)
coroutine.resume(co)
co = nil
collectgarbage() -- expect: from coroutine
print("end") -- expect: end
