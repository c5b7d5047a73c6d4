-- stress: off
-- Resumes nested without bound fail with a catchable error: C stack overflow.
local function nest(n)
  local co = coroutine.create(nest)
  local ok, r = coroutine.resume(co, n + 1)
  if not ok then error(r, 0) end
  return r
end
local ok, e = pcall(nest, 1)
print(ok, e:match("stack overflow")) -- expect: false stack overflow
local function wrapped() return coroutine.wrap(wrapped)() end
ok, e = pcall(wrapped)
print(ok, e:match("stack overflow")) -- expect: false stack overflow
print(coroutine.resume(coroutine.create(function() return "still fine" end))) -- expect: true still fine
