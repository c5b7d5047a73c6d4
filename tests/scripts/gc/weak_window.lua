-- Reads of weak tables while a collection has decided what is dead and has not
-- cleared it yet (the weak filter, runtime/src/object/table/weak.rs). What is
-- read is kept, so that the verifier, or the poison in freed cells, tells if it
-- was dead. `cli/tests/weak_filter.rs` runs this with many schedules of the
-- collector; with an argument it counts how often the program met the window.
-- collects: yes
-- stress: 5
local report = ...
local pending = { values = true, finalizers = true, claim = true, resurrect = true, keys = true }
local hits = {}
local function met(path)
  if report and pending[gc.stage()] then hits[path] = (hits[path] or 0) + 1 end
end

local seed = 12345
local function random(n)
  seed = (seed * 1103515245 + 12345) % 2147483648
  return seed // 65536 % n + 1
end

-- Objects know what they are: a dead one would say something else.
local class = { name = "object" }
class.__index = class
local function object(id) return setmetatable({ id = id, inner = { id = id } }, class) end
local function check(o, id)
  if o ~= nil then
    assert(type(o) == "table" and o.name == "object", "no object")
    assert((id == nil or o.id == id) and o.inner.id == o.id, "another object")
  end
  return o
end

local LONG = ("long"):rep(20)
local WIDE = math.maxinteger
-- What a program may hold of a weak table at different times.
local held = {}
local function hold(o)
  if o ~= nil and random(3) == 1 then held[random(8)] = o end
end

local function fill(t, n)
  for i = 1, n do
    local o = object(i)
    t[i] = o
    if random(3) == 1 then held[random(8)] = o end
  end
end

local paths = {}

function paths.index(t)
  for i = 1, 12 do hold(check(t[i], i)) end
  hold(check(t[1], 1))
  hold(check(t[7.0], 7))
end
function paths.rawget(t)
  for i = 1, 12 do hold(check(rawget(t, i), i)) end
end
function paths.keys(t)
  t.x, t[LONG], t[WIDE], t[0.5], t[true], t[class] =
    object(1), object(2), object(3), object(4), object(5), object(6)
  local x = "x"
  for _ = 1, 12 do
    hold(check(t.x, 1))
    hold(check(t[x], 1))
    hold(check(t[LONG], 2))
    hold(check(t[("long"):rep(20)], 2))
    hold(check(t[WIDE], 3))
    hold(check(t[0.5], 4))
    hold(check(t[true], 5))
    hold(check(t[class], 6))
  end
end
function paths.pairs(t)
  for k, v in pairs(t) do
    check(v, k)
    hold(v)
  end
end
function paths.next(t)
  local k, v = next(t)
  while k ~= nil do
    check(v, k)
    hold(v)
    k, v = next(t, k)
  end
end
function paths.ipairs(t)
  for i, v in ipairs(t) do
    check(v, i)
    hold(v)
  end
end
function paths.border(t)
  local n = #t
  hold(check(t[n]))
  hold(check(t[rawlen(t)]))
  t[#t + 1] = object(0)
  t[#t] = nil
end
function paths.unpack(t)
  local function see(...)
    for i = 1, 12 do
      local o = select(i, ...)
      check(o, i)
      hold(o)
    end
  end
  see(table.unpack(t, 1, 12))
end
function paths.move(t)
  local copy = table.move(t, 1, 12, 1, {})
  for i = 1, 12 do hold(check(copy[i])) end
  table.move(t, 3, 10, 5)
  table.move(t, 5, 12, 3)
end
function paths.insert(t)
  table.insert(t, 1, object(0))
  table.insert(t, object(0))
  hold(check(table.remove(t, 1)))
  hold(check(table.remove(t)))
end
function paths.sort(t)
  local ok, why = pcall(table.sort, t, function(a, b)
    return (a and a.id or 0) > (b and b.id or 0)
  end)
  assert(ok or why:find("invalid order function", 1, true), why)
  for i = 1, 12 do hold(check(t[i])) end
end
function paths.concat(t)
  local ok, why = pcall(table.concat, t, ",", 1, 12)
  assert(not ok and why:find("invalid value", 1, true), why)
end
function paths.grow(t)
  for i = 13, 12 + random(60) do t[i] = object(i) end
  for i = 1, 80 do hold(check(t[i], i)) end
end
function paths.grow_names(t)
  for i = 1, random(20) do t["name" .. i] = object(i) end
  for i = 1, 20 do hold(check(t["name" .. i], i)) end
end
function paths.replace(t)
  for i = 1, 12 do
    if t[i] == nil then t[i] = object(i) end
    hold(check(t[i], i))
  end
end
function paths.late(t)
  -- the table becomes strong, and weak again: the mode changes with the metatable
  local meta = getmetatable(t)
  setmetatable(t, nil)
  for i = 1, 12 do hold(check(t[i], i)) end
  for k, v in pairs(t) do check(v) end
  setmetatable(t, meta)
end
function paths.mode(t)
  local meta = getmetatable(t)
  meta.__mode = nil
  setmetatable(t, meta)
  for i = 1, 12 do hold(check(t[i], i)) end
  meta.__mode = "kv"
  setmetatable(t, meta)
  for i = 1, 12 do hold(check(t[i], i)) end
end
function paths.inherit(t)
  local heir = setmetatable({}, { __index = t })
  for i = 1, 12 do hold(check(heir[i], i)) end
  t.method = object(1)
  for _ = 1, 5 do hold(check(heir.method, 1)) end
  local ok, m = pcall(function() return heir:method() end)
  assert(not ok and tostring(m):find("attempt to call", 1, true))
end
function paths.newindex(t)
  -- an entry that counts as cleared is absent for __newindex too
  local meta = getmetatable(t)
  local called = {}
  meta.__newindex = function(t, k, v) called[k] = true rawset(t, k, v) end
  for i = 1, 12 do
    local before = rawget(t, i)
    local kept = before ~= nil
    before = nil
    local o = object(i)
    t[i] = o
    -- (a collection between the two may have cleared it)
    assert(kept or called[i], "no __newindex for an absent entry")
    hold(check(t[i], i))
  end
  meta.__newindex = nil
end

local names = {}
for name in pairs(paths) do names[#names + 1] = name end
table.sort(names)

local MODES = { "v", "kv" }
for _, name in ipairs(names) do
  for round = 1, 12 do
    local t = setmetatable({}, { __mode = MODES[round % 2 + 1] })
    fill(t, 12)
    for _ = 1, 4 do
      local garbage = {}
      for i = 1, 4 do garbage[i] = { i } end
      if random(2) == 1 then held[random(8)] = nil end
      met(name)
      paths[name](t)
    end
  end
end
held = {}
print "values" -- expect: values

-- Weak keys. A key that is condemned is not met by a traversal, nor a part of
-- what is resurrected; entries of objects that are to be finalized survive
-- whatever happens to their table until the finalizer has run.
local finalized, wrong = 0, 0
local side = setmetatable({}, { __mode = "k" })
local both = setmetatable({}, { __mode = "kv" })
local byid = setmetatable({}, { __mode = "v" })
local final = { __gc = function(o)
  finalized = finalized + 1
  local data = side[o]
  if not (data and data.owner == o.id and data.link.id == o.id) then wrong = wrong + 1 end
  -- weak values are removed before finalizers run
  if byid[o.id] == o then wrong = wrong + 1 end
  for _, v in pairs(byid) do if v == o then wrong = wrong + 1 end end
end }
local kept = {}
for round = 1, 240 do
  for _ = 1, random(3) do
    local id = round * 4 + random(4)
    local o = setmetatable({ id = id, deep = { { { id = id } } } }, final)
    side[o] = { owner = id, link = { id = id } }
    local k = { id = id, deep = { { { id = id } } } }
    side[k] = k
    both[k] = object(id)
    byid[id], byid[-id] = o, k
    if random(8) == 1 then kept[random(6)] = o end
    if random(8) == 1 then kept[random(6)] = k end
  end
  if random(4) == 1 then kept[random(6)] = nil end
  if round % 3 == 0 then
    met "weak keys"
    for k, v in pairs(side) do
      assert(k.deep[1][1].id == k.id)
      assert(v == k or v.owner == k.id and v.link.id == k.id)
      if random(16) == 1 then kept[random(6)] = k.deep end
    end
    for k, v in pairs(both) do assert(check(v).id == k.id) end
  end
  if round % 60 == 0 then
    -- grow and shrink: the entries move
    for i = 1, 40 do side[{ id = i, deep = { { { id = i } } } }] = { owner = i, link = { id = i } } end
  end
end
kept = nil
collectgarbage()
collectgarbage()
print(wrong, finalized > 200) -- expect: 0 true

-- Long strings as keys of weak tables: never lost while their value lives, found
-- again after removal.
local t = setmetatable({}, { __mode = "kv" })
local values = {}
for round = 1, 300 do
  local n = random(12)
  local key = LONG .. n
  local now = t[key]
  assert(now == values[n] or values[n] == nil)
  if random(3) == 1 then
    t[key] = nil
    values[n] = nil
  else
    values[n] = object(n)
    t[key] = values[n]
  end
  if random(4) == 1 then values[random(12)] = nil end
  if round % 2 == 0 then
    met "long keys"
    for k, v in pairs(t) do
      assert(#k > 80 and k:sub(1, 4) == "long")
      check(v, tonumber(k:sub(81)))
      assert(t[k] == v or t[k] == nil)
    end
  end
end
print "long keys" -- expect: long keys

if report then
  local list = {}
  for path, n in pairs(hits) do list[#list + 1] = path .. " " .. n end
  table.sort(list)
  for _, line in ipairs(list) do print("met", line) end
end
