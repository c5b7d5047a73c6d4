-- How many levels a traceback leaves out, and what it says of them.
local function deep(n)
  if n == 0 then return debug.traceback("m", 1) end
  local r = deep(n - 1)
  return r
end
for _, n in ipairs { 15, 17, 18, 19, 20, 21, 22, 30, 100 } do
  local text = deep(n)
  print(n, select(2, text:gsub("\n", "")), text:match("%(skipping %d+ levels%)"))
end
local co = coroutine.create(function() deep(3); coroutine.yield() end)
coroutine.resume(co)
print(debug.traceback(co, nil, 5))
local thread = coroutine.create(function() local function f(n) if n == 0 then coroutine.yield() else f(n - 1) end return 1 end f(40) end)
coroutine.resume(thread)
for level = 0, 30, 3 do
  print(level, debug.traceback(thread, nil, level):match("%(skipping %d+ levels%)"))
end
-- expect: 15 19 nil
-- expect: 17 21 nil
-- expect: 18 22 nil
-- expect: 19 23 nil
-- expect: 20 23 (skipping 1 levels)
-- expect: 21 23 (skipping 2 levels)
-- expect: 22 23 (skipping 3 levels)
-- expect: 30 23 (skipping 11 levels)
-- expect: 100 23 (skipping 81 levels)
-- expect: stack traceback:
-- expect: 0 (skipping 21 levels)
-- expect: 3 (skipping 18 levels)
-- expect: 6 (skipping 15 levels)
-- expect: 9 (skipping 12 levels)
-- expect: 12 (skipping 9 levels)
-- expect: 15 (skipping 6 levels)
-- expect: 18 (skipping 3 levels)
-- expect: 21 nil
-- expect: 24 nil
-- expect: 27 nil
-- expect: 30 nil
