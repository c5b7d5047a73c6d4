-- isyieldable, running, close, normal status, wrap inside wrap.
print(coroutine.isyieldable()) -- expect: false
local main, is_main = coroutine.running()
print(type(main), is_main) -- expect: thread true
coroutine.wrap(function()
  local co, m = coroutine.running()
  print(type(co), m, coroutine.isyieldable(), co ~= main, coroutine.status(main), coroutine.status(co))
  -- expect: thread false true true normal running
end)()
local co = coroutine.create(function() coroutine.yield() end)
print(coroutine.isyieldable(co)) -- expect: true
coroutine.resume(co)
print(coroutine.close(co), coroutine.status(co)) -- expect: true dead
print(coroutine.close(coroutine.create(print))) -- expect: true
local errored = coroutine.create(function() error("E", 0) end)
coroutine.resume(errored)
print(coroutine.close(errored)) -- expect: false E
print(coroutine.close(errored)) -- expect: true
print(pcall(coroutine.close, main)) -- expect: false cannot close a running coroutine
print(pcall(coroutine.close, 5)) -- expect: false bad argument #1 to 'coroutine.close' (thread expected, got number)
print(pcall(coroutine.status, 5)) -- expect: false bad argument #1 to 'coroutine.status' (thread expected, got number)
local outer = coroutine.wrap(function()
  local inner = coroutine.wrap(function() coroutine.yield("inner 1"); coroutine.yield("inner 2") end)
  coroutine.yield(inner()); coroutine.yield("outer"); coroutine.yield(inner())
end)
print(outer(), outer(), outer()) -- expect: inner 1 outer inner 2
local t = {}
for i = 1, 100 do t[i] = coroutine.wrap(function() local n = i; while true do coroutine.yield(n); n = n + i end end) end
local sum = 0
for _ = 1, 5 do for i = 1, 100 do sum = sum + t[i]() end end
print(sum) -- expect: 75750
print(select("#", coroutine.resume(coroutine.create(function() return table.unpack({}, 1, 200) end)))) -- expect: 201
local a; a = coroutine.create(function() return coroutine.close(a) end)
print(coroutine.resume(a)) -- expect: false coroutine_misc.lua:33: cannot close a running coroutine
local c2 = coroutine.create(function() local ok, m = pcall(coroutine.close, main); return m end)
print(coroutine.resume(c2)) -- expect: true cannot close a normal coroutine
