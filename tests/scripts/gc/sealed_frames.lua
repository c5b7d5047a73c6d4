-- stress: 7
-- Deep stacks under collection: frames far below the innermost one, which minor
-- collections do not visit again, change in every way there is and get young
-- objects.

local sort, gsub, create, resume, yield = table.sort, string.gsub, coroutine.create, coroutine.resume, coroutine.yield

-- garbage enough for a few collections, in any mode
local function churn()
  local t
  for i = 1, 60 do t = { i, { t and t[1] } } end
  return t
end
local function collect() collectgarbage("step") churn() end
-- runs `f` at the bottom of `n` more frames
local function down(n, f, ...)
  if n == 0 then
    collect()
    return f(...)
  end
  local mine = { n }
  local a, b = down(n - 1, f, ...)
  assert(mine[1] == n)
  return a, b
end
local deep = 260

-- A return: the frame goes on and stores into its variables.
local function steps(n)
  local a, b, c = { n }, "x", 0
  if n > 0 then c = steps(n - 1) else collect() end
  b = { a, n }
  if n % 20 == 0 then collect() end
  a = { b[1][1] + 1 }
  if n % 20 == 0 then collect() end
  assert(b[2] == n and b[1][1] == n and a[1] == n + 1)
  return c + 1
end
print(steps(deep)) -- expect: 261

-- Up and down: frames are sealed, left and sealed again.
local function wave(n, top)
  local kept = { n }
  if n > 0 then
    if n % 40 == 0 then
      for _ = 1, 2 do
        kept = { down(45, function() return n end) }
        assert(kept[1] == n)
      end
    end
    wave(n - 1, top)
    kept[2] = { n }
    if n % 40 == 0 then collect() end
    assert(kept[2][1] == n)
  else
    collect()
  end
end
wave(deep)
print("up and down") -- expect: up and down

-- An error: it ends far above where it was raised.
local function raise(n)
  local mine = { n }
  if n == 0 then collect() error({ "raised" }) end
  raise(n - 1)
  return mine
end
local function catch(n, how)
  local a = { n }
  if n > 0 then
    if n % 50 == 0 then
      local ok, e = how(raise, 150)
      local new = { e, ok }
      collect()
      assert(ok == false and new[1] == e and e[1] == "raised", n)
      a = { new }
      collect()
      assert(a[1][1][1] == "raised")
      return a
    end
    local r = catch(n - 1, how)
    a = { r }
    collectgarbage("step")
    assert(a[1] == r)
    return r
  end
  return a
end
local function xp(f, ...)
  return xpcall(f, function(e) local t = { e } churn() return t[1] end, ...)
end
-- with natives in between, whose callees end by errors
local function through_sort(f, n)
  return pcall(sort, { 3, 1, 2 }, function() f(n) end)
end
local function through_gsub(f, n)
  local ok, e = pcall(function()
    return gsub("abc", "b", function() down(40, f, n) end)
  end)
  return ok, e
end
local function through_meta(f, n)
  local t = setmetatable({}, { __index = function(_, k) f(k) end, __lt = function() f(n) end })
  local ok = pcall(function() return t < t end)
  assert(not ok)
  return pcall(function() return t[n] end)
end
local function through_wrap(f, n)
  return pcall(coroutine.wrap(function() down(60, f, n) end))
end
for _, how in ipairs { pcall, xp, through_sort, through_gsub, through_meta, through_wrap } do
  down(100, catch, 75, how)
end
print("errors") -- expect: errors

-- An error ends at a finalizer's call or a hook far up only; one that a native
-- catches itself ends where that native goes on, with what it has on the stack.
local function natively(n)
  local a = { n }
  if n > 0 then
    local r = natively(n - 1)
    a[2] = { r }
    assert(a[1] == n)
    return r
  end
  local ok, e = load(function()
    down(120, error, { "loading" })
  end)
  local kept = { e, a }
  collect()
  assert(not ok and kept[2][1] == 0)
  local s = { pcall(gsub, "abc", ".", function(c)
    local mine = { c }
    local ok, e = pcall(down, 90, error, mine)
    collect()
    assert(not ok and e == mine)
    return mine[1] .. c
  end) }
  collect()
  return s[2]
end
print(down(100, natively, 50)) -- expect: aabbcc nil

-- A native at any distance from the innermost frame when it collects.
local function thin(n) if n == 0 then collectgarbage("step") return end thin(n - 1) end
local function quietly(n, f, ...) if n == 0 then return f(...) end return (quietly(n - 1, f, ...)) end
local function loading(depth)
  local a, b, c, d, e, g, h, i = { depth }, 1, 2, 3, 4, 5, 6, 7
  local f = load(function() for _ = 1, 4 do thin(depth) end end)
  a, b, c, d, e, g, h, i = { a[1], f }, { b }, { c }, { d }, { e }, { g }, { h }, { i }
  thin(9)
  assert(a[1] == depth and a[2] == f)
  assert(b[1] + c[1] + d[1] + e[1] + g[1] + h[1] + i[1] == 28)
  return a
end
for depth = 0, 8 do
  for above = 20, 28 do assert(quietly(above, loading, depth)[1] == depth) end
end
print("distances") -- expect: distances

-- Results through natives: what they have on the stack is in use again.
local function natives(n)
  local t = { 5, 3, 9, 1 }
  sort(t, function(a, b)
    local x = { a }
    down(90, churn)
    return x[1] < b
  end)
  local s = gsub("abc", "%w", function(c)
    local y = { c }
    down(90, churn)
    return y[1] .. n
  end)
  return table.concat(t, " ") .. " " .. s
end
print((down(120, natives, 1))) -- expect: 1 3 5 9 a1b1c1

-- Assignments to captured variables.
local setters, getters = {}, {}
local function captured(n)
  local v, w = { n }, n
  setters[n] = function(x) v = x; w = x end
  getters[n] = function() return v, w end
  if n > 0 then captured(n - 1) else
    collect()
    for round = 1, 3 do
      for i = 1, deep, 7 do setters[i]({ "set", i, round }) end
      collect()
      for i = 1, deep, 7 do
        local x, y = getters[i]()
        assert(x == y and x[1] == "set" and x[2] == i and x[3] == round)
      end
    end
  end
  assert(v == w and v[2] == n or v[1] == n)
  v = { n, n }
  if n % 10 == 0 then collect() end
  assert(getters[n]()[2] == n)
end
captured(deep)
collect()
for i = 1, deep do assert(getters[i]()[2] == i) end
print("captured") -- expect: captured

-- debug.setlocal.
local function find(name, level)
  for i = 1, 50 do
    local k = debug.getlocal(level + 1, i)
    if k == name then return i end
  end
end
local function located(n)
  local there = { n }
  if n == 0 then
    collect()
    for round = 1, 2 do
      for level = 1, deep, 9 do
        local i = find("there", level)
        assert(debug.setlocal(level, i, { "there", round }) == "there")
      end
      collect()
      for level = 1, deep, 9 do
        local _, v = debug.getlocal(level, find("there", level))
        assert(v[1] == "there" and v[2] == round)
      end
    end
    return 0
  end
  local r = located(n - 1)
  if n % 9 == 0 then collect() end
  assert(there[1] == n or there[1] == "there")
  return r + (there[1] == "there" and 1 or 0)
end
print(located(deep)) -- expect: 28

-- Tail calls keep what waits for the return.
local function tail(n, acc)
  if n == 0 then return down(100, function() return acc end) end
  return tail(n - 1, { acc[1] + 1 })
end
local function tails(n)
  local before = { n }
  if n == 0 then return 0 end
  local r
  if n % 30 == 0 then r = tail(5, { n })[1] else r = tails(n - 1) end
  before = { before[1], r }
  if n % 10 == 0 then collect() end
  assert(before[1] == n and before[2] == r)
  return r
end
print(tails(200), (down(150, tail, 3, { 7 }))[1]) -- expect: 185 10

-- Extra arguments lie below their function's registers.
local function extra(n, ...)
  local a = { n }
  if n > 0 then extra(n - 1, { n }, ...) else collect() end
  a = { select("#", ...), ... }
  if n % 20 == 0 then collect() end
  for i = 2, #a do assert(type(a[i]) == "table" and a[i][1] == n + i - 1) end
end
extra(60)
print("extra") -- expect: extra

-- To-be-closed variables, closed by returns and by errors.
local closed = 0
local function closing(n, fail)
  local c <close> = setmetatable({ n }, { __close = function(self, e)
    local t = { self[1] }
    if n % 20 == 0 then collect() end
    assert(t[1] == n and (e ~= nil) == (fail == true))
    closed = closed + 1
  end })
  local a = { n }
  if n == 0 then
    collect()
    if fail then error({ "closing" }) end
    return a
  end
  local r = closing(n - 1, fail)
  assert(a[1] == n)
  return r
end
down(50, closing, 150)
local ok, e = down(50, pcall, closing, 150, true)
print(closed, ok, e[1]) -- expect: 302 false closing

-- Hooks see returns of frames that were sealed.
local seen = 0
debug.sethook(function()
  local t = { seen }
  seen = t[1] + 1
end, "r")
print(steps(150)) -- expect: 151
debug.sethook()
print(seen > 150) -- expect: true

print(steps(deep)) -- expect: 261
