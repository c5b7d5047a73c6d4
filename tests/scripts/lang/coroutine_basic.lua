-- Coroutines: values passed both ways, status, dead coroutines, errors.
local co = coroutine.create(function(a, b)
  print("start", a, b)
  local c = coroutine.yield(a + b)
  print("got", c)
  local d, e = coroutine.yield(c * 2)
  print("got", d, e)
  return "end", 99
end)
print(coroutine.status(co)) -- expect: suspended
print(coroutine.resume(co, 1, 2))
-- expect: start 1 2
-- expect: true 3
print(coroutine.status(co)) -- expect: suspended
print(coroutine.resume(co, 10))
-- expect: got 10
-- expect: true 20
print(coroutine.resume(co, "x", "y"))
-- expect: got x y
-- expect: true end 99
print(coroutine.status(co)) -- expect: dead
print(coroutine.resume(co)) -- expect: false cannot resume dead coroutine
local bad = coroutine.create(function() error("oops") end)
print(coroutine.resume(bad)) -- expect: false coroutine_basic.lua:23: oops
print(coroutine.status(bad), coroutine.resume(bad)) -- expect: dead false cannot resume dead coroutine
local bad2 = coroutine.create(function() error({ 1 }) end)
local ok, e = coroutine.resume(bad2)
print(ok, type(e), e[1]) -- expect: false table 1
print(coroutine.resume(coroutine.create(function() end))) -- expect: true
print(coroutine.resume(coroutine.create(function(...) return select("#", ...) end), nil, nil)) -- expect: true 2
local self
self = coroutine.create(function() return coroutine.resume(self) end)
print(coroutine.resume(self)) -- expect: true false cannot resume non-suspended coroutine
local outer
outer = coroutine.create(function()
  local inner = coroutine.create(function() return coroutine.status(outer) end)
  return coroutine.resume(inner)
end)
print(coroutine.resume(outer)) -- expect: true true normal
print(pcall(coroutine.resume, coroutine.running())) -- expect: true false cannot resume non-suspended coroutine
print(coroutine.resume(coroutine.running())) -- expect: false cannot resume non-suspended coroutine
print(select("#", coroutine.resume(coroutine.create(function() return end)))) -- expect: 1
print(pcall(coroutine.yield)) -- expect: false attempt to yield from outside a coroutine
