-- stress: 20000
-- Deep stacks inside coroutines and deeply nested resumes.
local function depth(n) if n == 0 then coroutine.yield("bottom"); return 0 end return 1 + depth(n - 1) end
local co = coroutine.create(depth)
print(coroutine.resume(co, 10000)) -- expect: true bottom
print(coroutine.resume(co)) -- expect: true 10000
local function nest(n)
  if n == 0 then return "innermost" end
  return coroutine.wrap(nest)(n - 1)
end
print(nest(100)) -- expect: innermost
local function chain(n)
  if n == 0 then for i = 1, 3 do coroutine.yield(i) end return end
  for v in coroutine.wrap(function() chain(n - 1) end) do coroutine.yield(v + 1) end
end
local out = {}
for v in coroutine.wrap(function() chain(50) end) do out[#out + 1] = v end
print(table.concat(out, " ")) -- expect: 51 52 53
local live = {}
for i = 1, 2000 do
  live[i] = coroutine.create(function(x) local a, b = x, i; while true do a = coroutine.yield(a + b) end end)
  coroutine.resume(live[i], i)
end
local sum = 0
for i = 1, 2000 do sum = sum + select(2, coroutine.resume(live[i], 1)) end
print(sum) -- expect: 2003000
local infinite = coroutine.create(function() local function f() return 1 + f() end return f() end)
local ok, e = coroutine.resume(infinite)
print(ok, e:match("stack overflow")) -- expect: false stack overflow
