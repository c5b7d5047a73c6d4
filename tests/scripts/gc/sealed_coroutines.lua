-- stress: 7
-- Coroutines with deep stacks under collection: suspended far down, resumed,
-- written to from outside, closed, failed, forgotten.
local create, resume, yield, status = coroutine.create, coroutine.resume, coroutine.yield, coroutine.status

local function churn()
  local t
  for i = 1, 60 do t = { i, { t and t[1] } } end
  return t
end
local function collect() collectgarbage("step") churn() end

-- yields at every level on the way down and up
local function walk(n, set)
  local here = { n }
  set[n] = function(v) if v then here = v end return here end
  local got = yield("down", n)
  assert(got[1] == n)
  if n > 0 then walk(n - 1, set) end
  local other = { got, n }
  got = yield("up", n)
  if n % 8 == 0 then collect() end
  assert(got[1] == n and other[1][1] == n and (here[1] == n or here[1] == "set"))
  return other
end

local deep = 200
local co, set = create(walk), {}
local _, way, n = resume(co, deep, set)
while way == "down" do
  if n % 16 == 0 then collect() end
  _, way, n = resume(co, { n })
end
-- it stands at its lowest: its variables change from here
collect()
for i = 0, deep, 5 do set[i]({ "set", i }) end
collect()
for i = 0, deep do assert(set[i]()[1] == (i % 5 == 0 and "set" or i)) end
-- and by the debugger
local changed = 0
for level = 0, deep do
  for i = 1, 20 do
    local name = debug.getlocal(co, level, i)
    if not name then break end
    if name == "got" and level % 7 == 3 then
      local _, v = debug.getlocal(co, level, i)
      debug.setlocal(co, level, i, { v[1], "new" })
      changed = changed + 1
    end
  end
end
collect()
while way == "up" do _, way, n = resume(co, { n }) end
print(_, status(co), changed > 10) -- expect: true dead true
collect()
for i = 0, deep do assert(set[i]()[1] == (i % 5 == 0 and "set" or i)) end

-- A captured variable that was sealed, and is not any more, when its thread is suspended.
do
  local set
  local co = create(function()
    local v = { "first" }
    set = function(x) v = x end
    local function down(n) if n == 0 then collect() collect() return 0 end return 1 + down(n - 1) end
    for i = 1, 3 do
      assert(down(120) == 120)
      yield(i)
      assert(v[1] == i)
    end
  end)
  for i = 1, 3 do
    resume(co)
    collect()
    collect()
    set({ i })
    collect()
    collect()
  end
  print(resume(co)) -- expect: true
end

-- The resumer's stack is deep as well, and so on.
local function nest(n)
  local a = { n }
  local function down(m)
    local b = { m }
    if m > 0 then
      local r = down(m - 1)
      b[2] = { r }
      assert(b[1] == m)
      return r
    end
    if n == 0 then collect() return 0 end
    local inner = coroutine.wrap(nest)
    return inner(n - 1) + 1
  end
  local r = down(70)
  a[2] = { r }
  collect()
  assert(a[1] == n and a[2][1] == n)
  return r
end
print(nest(5)) -- expect: 5

-- Yields across protected calls.
local function protected(n)
  local a = { n }
  if n == 0 then collect() yield("bottom") error({ "end" }) end
  if n % 25 == 0 then
    local ok, e = pcall(protected, n - 1)
    a[2] = { e }
    collect()
    assert(not ok and a[2][1] == e and a[1] == n)
    error(e)
  end
  protected(n - 1)
end
co = create(function() local t = { pcall(protected, 120) } collect() return t[2][1] end)
print(resume(co)) -- expect: true bottom
collect()
print(resume(co)) -- expect: true end

-- Closed while suspended, and after an error.
local closed = 0
local function closing(n, fail)
  local mine = { n }
  local c <close> = setmetatable({}, { __close = function()
    local t = { mine }
    if n % 10 == 0 then collect() end
    assert(t[1][1] == n)
    closed = closed + 1
  end })
  set[n] = function(v) if v then mine = v end return mine end
  if n == 0 then
    collect()
    yield()
    if fail then error({ "failed" }) end
    return
  end
  closing(n - 1, fail)
end
co = create(closing)
resume(co, 100)
collect()
set[50]({ 50, "new" })
collect()
print(coroutine.close(co), closed) -- expect: true 101
collect()
print(set[50]()[2], set[51]()[1]) -- expect: new 51
co = create(closing)
resume(co, 100, true)
local ok, e = resume(co)
collect()
print(ok, e[1], closed) -- expect: false failed 101
set[20]({ 20, "late" })
collect()
print(#debug.traceback(co) > 500, set[20]()[2]) -- expect: true late
print(coroutine.close(co) == false, closed) -- expect: true 202
collect()
print(set[20]()[2], set[21]()[1]) -- expect: late 21
local w = coroutine.wrap(closing)
w(60, true)
collect()
ok, e = pcall(w)
print(ok, e[1], closed) -- expect: false failed 263

-- Forgotten far down; variables that closures hold live on.
local kept = {}
for i = 1, 30 do
  local set = {}
  co = create(function() closing(60, false) end)
  local function down(n)
    local mine = { i, n }
    if n == 30 and i % 3 == 0 then kept[#kept + 1] = function(v) mine[3] = v or mine[3] mine = { table.unpack(mine) } return mine end end
    if n > 0 then down(n - 1) else yield() end
    return mine
  end
  co = create(down)
  resume(co, 60)
  co = nil
  if i % 6 == 0 then collect() end
end
collect()
local sum = 0
for round = 1, 2 do
  for i, f in ipairs(kept) do
    local t = f({ round })
    collect()
    sum = sum + t[1] * t[3][1] + t[2]
  end
end
print(#kept, sum) -- expect: 10 1095
