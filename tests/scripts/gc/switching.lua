-- Changing collectors while running: in loops, coroutines, metamethods, natives
-- that call back, and finalizers (where it is refused).
-- stress: 50
local start = gc.collector()
local switchable = {}
for _, name in ipairs(gc.collectors()) do
  if pcall(gc.use, name) then
    switchable[#switchable + 1] = name
    assert(gc.collector() == name)
  end
end
gc.use(start)
print(#switchable >= 1) -- expect: true
local turn = 0
local function another()
  turn = turn % #switchable + 1
  local name = switchable[turn]
  local before = gc.collector()
  assert(gc.use(name) == before and gc.collector() == name)
  return name
end

-- one that cannot be reached says so, and nothing has changed
for _, name in ipairs(gc.collectors()) do
  local here = gc.collector()
  local fine, message = pcall(gc.use, name)
  assert(fine or message:find("chosen at start"), message)
  assert(gc.collector() == (fine and name or here))
end

-- each change is a pause of its own
gc.use(start)
local before = gc.stats().by_kind.switch
before = before and before.wall.count or 0
local changes = 0
for i = 1, 10 do
  local here = gc.collector()
  if another() ~= here then changes = changes + 1 end
end
local after = gc.stats().by_kind.switch
print((after and after.wall.count or 0) - before == changes) -- expect: true

-- what is there stays there
local kept, weak, keyed = {}, setmetatable({}, { __mode = "v" }), setmetatable({}, { __mode = "k" })
for i = 1, 200 do
  kept[i] = { i, name = "name " .. i }
  weak[i] = kept[i]
  keyed[kept[i]] = { kept[i] }
end
local finalized = 0
for i = 1, 40 do
  for j = 1, 20 do setmetatable({ {} }, { __gc = function(o) finalized = finalized + #o end }) end
  weak.lost = { {} }
  kept[i * 5][2] = { "new", another() }
end
for i = 1, 200 do
  assert(kept[i][1] == i and kept[i].name == "name " .. i)
  assert(weak[i] == kept[i] and keyed[kept[i]][1] == kept[i])
  assert(i % 5 ~= 0 or kept[i][2][1] == "new")
end
if pcall(gc.use, "marksweep") then
  gc.collect()
  assert(weak.lost == nil and finalized == 800, finalized)
end
print("kept") -- expect: kept

-- inside coroutines, at any depth, and between them
local function nest(n)
  if n == 0 then return another() end
  local co = coroutine.wrap(function()
    local mine = { n, tostring(n) }
    coroutine.yield(nest(n - 1))
    return mine[2]
  end)
  local name = co()
  another()
  assert(co() == tostring(n))
  return name
end
for i = 1, 10 do nest(6) end
local others = {}
for i = 1, 50 do
  others[i] = coroutine.wrap(function()
    local t = {}
    while true do t[#t + 1] = { coroutine.yield(#t) } end
  end)
end
for round = 1, 20 do
  for i = 1, 50 do assert(others[i](round) == round - 1) end
  another()
end
print("coroutines") -- expect: coroutines

-- by metamethods, called by the interpreter and by natives
local proxy = setmetatable({}, {
  __index = function(_, k) another() return { k } end,
  __newindex = function(t, k, v) another() rawset(t, k, v) end,
  __add = function(a, b) another() return { 7 } end,
  __concat = function() another() return "joined" end,
  __eq = function() another() return true end,
  __lt = function() another() return true end,
  __len = function() another() return 3 end,
  __call = function(_, ...) another() return ... end,
  __tostring = function() another() return "text" .. turn end,
  __close = function() another() end,
  __name = "proxy",
})
for i = 1, 20 do
  local fresh <const> = { i }
  local closing <close> = proxy
  assert(proxy[i][1] == i and (proxy + fresh)[1] == 7 and proxy .. fresh == "joined")
  assert(proxy == setmetatable({}, getmetatable(proxy)) and proxy < proxy and #proxy == 3)
  proxy["field" .. i] = { i }
  assert(rawget(proxy, "field" .. i)[1] == i)
  assert(select("#", proxy(i, {}, "x")) == 3)
  assert(tostring(proxy):find("^text%d"))
  assert(fresh[1] == i)
end
local unsorted = {}
for i = 1, 60 do unsorted[i] = { i * 37 % 61 } end
table.sort(unsorted, function(a, b) if a[1] % 7 == 0 then another() end return a[1] < b[1] end)
for i = 2, 60 do assert(unsorted[i - 1][1] < unsorted[i][1]) end
print((("abc"):rep(20):gsub("b", function(b) another() return b:upper() end)):sub(1, 6)) -- expect: aBcaBc
assert(load(function() another() return nil end))
print(select(2, pcall(function() another() error({ "thrown" }) end))[1]) -- expect: thrown
print(select(2, xpcall(error, function(m) another() return m .. "!" end, "handled", 0))) -- expect: handled!
local cost, made = gc.measure(function() local t = {} for i = 1, 20 do t[i] = { another() } end return t end)
print(#made, cost.pauses.wall.count >= 0) -- expect: 20 true

-- not in finalizers: they run between the steps of a collection
local refused, stayed, ran
local function watch()
  setmetatable({}, { __gc = function()
    local here = gc.collector()
    local fine, message = pcall(gc.use, "none")
    refused, stayed, ran = not fine and message, gc.collector() == here, true
    assert(gc.collect() == nil and gc.minor() == nil and gc.step() == nil)
  end })
end
gc.use(start)
watch()
gc.collect()
gc.collect()
if start ~= "none" then
  assert(ran and stayed and refused:find("the collector cannot be changed in a finalizer"), refused)
end
print("refused") -- expect: refused

-- while automatic collection is stopped it stays stopped
collectgarbage("stop")
for i = 1, 6 do
  another()
  assert(not collectgarbage("isrunning"))
  local pauses = gc.stats().pauses.wall.count
  for j = 1, 2000 do local t = { j } end
  assert(gc.stats().pauses.wall.count == pauses)
end
collectgarbage("restart")

-- the modes of collectgarbage, and changes, in any order
for i = 1, 30 do
  collectgarbage(i % 3 == 0 and "generational" or "incremental")
  local name = another()
  assert(name ~= "generational" or select(2, gc.collector()) == "generational")
  for j = 1, 300 do kept[j % 200 + 1].again = { j } end
  collectgarbage("step", i % 2 * 200)
end
for i = 1, 200 do assert(kept[i][1] == i) end
print(gc.verify() > 0) -- expect: true
