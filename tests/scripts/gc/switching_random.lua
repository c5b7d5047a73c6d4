-- A program with every kind of object, under load, beside a shadow in plain
-- numbers, while collectors and modes change at random moments.
-- stress: 150
local seed = 20260
local function random(n)
  seed = (seed * 1103515245 + 12345) % 2147483648
  return seed // 65536 % n + 1
end
local names = {}
for _, name in ipairs(gc.collectors()) do
  if pcall(gc.use, name) then names[#names + 1] = name end
end
local slots, shadow = {}, {} -- slot -> object; slot -> what it must hold
local finalizers, finalized, registered = 0, {}, 0
local ephemerons, values = setmetatable({}, { __mode = "k" }), setmetatable({}, { __mode = "v" })
local meta = { __gc = function(o)
  assert(not finalized[o.number], "finalized twice")
  finalized[o.number] = true
  finalizers = finalizers + 1
end }
local makers = {
  function(n) return { kind = 1, n, tostring(n) } end,
  function(n) -- a list
    local t
    for i = 1, n % 40 do t = { n + i, t } end
    return { kind = 2, n, t }
  end,
  function(n) -- closures that share a variable
    local x = n
    return { kind = 3, n, function() return x end, function(v) x = v end }
  end,
  function(n) -- a suspended coroutine
    local co = coroutine.wrap(function(a)
      local t = { a }
      while true do t[1] = t[1] + coroutine.yield(t[1]) end
    end)
    co(n)
    return { kind = 4, n, co }
  end,
  function(n) -- a dictionary that grew and shrank
    local t = {}
    for i = 1, n % 200 do t["key" .. i] = { i } end
    for i = 1, n % 200, 2 do t["key" .. i] = nil end
    return { kind = 5, n, t }
  end,
  function(n) -- a chunked array of references
    local t = {}
    for i = 1, n % 1500 do t[i] = { n } end
    return { kind = 6, n, t }
  end,
}
local checks = {
  function(o, n) assert(o[2] == tostring(n)) end,
  function(o, n)
    local t, i = o[2], n % 40
    while t do
      assert(t[1] == n + i)
      t, i = t[2], i - 1
    end
    assert(i == 0)
  end,
  function(o, n)
    assert(o[2]() == n)
    o[3](n + 1) assert(o[2]() == n + 1) o[3](n)
  end,
  function(o, n) assert(o[2](1) == n + 1 and o[2](-1) == n) end,
  function(o, n)
    for i = 1, n % 200 do
      local v = o[2]["key" .. i]
      if i % 2 == 1 then assert(v == nil) else assert(v[1] == i) end
    end
  end,
  function(o, n)
    assert(#o[2] == n % 1500)
    for i = 1, #o[2], 7 do assert(o[2][i][1] == n) end
  end,
}
local switches = 0
for round = 1, 3000 do
  local at, what = random(60), random(20)
  if what <= 9 then
    local n = random(30000)
    local kind = random(#makers)
    local o = makers[kind](n)
    assert(o.kind == kind)
    slots[at], shadow[at] = o, { kind, n }
    ephemerons[o] = { o, n } -- refers to its own key
    values[n] = o
  elseif what <= 11 and slots[at] then
    local other = random(60)
    slots[other], shadow[other] = slots[at], shadow[at]
  elseif what == 12 then
    slots[at], shadow[at] = nil, nil
  elseif what == 13 then
    registered = registered + 1
    setmetatable({ number = registered, slots[at] }, meta)
  elseif what == 14 and slots[at] then -- an old object gets a young reference
    slots[at].extra = { slots[random(60)] }
  elseif what == 15 and slots[at] then -- found again through a weak table
    local n = shadow[at][2]
    local found = values[n]
    assert(found == nil or found[1] == n)
  elseif what == 16 and slots[at] then
    local o = slots[at]
    assert(ephemerons[o][1] == o and ephemerons[o][2] == shadow[at][2])
  elseif what == 17 and random(4) == 1 then
    collectgarbage("step", random(3) * 50 - 50)
  elseif what == 18 and random(3) == 1 then
    collectgarbage(random(2) == 1 and "incremental" or "generational")
  elseif what >= 19 and random(3) == 1 then
    gc.use(names[random(#names)])
    switches = switches + 1
  end
  local look = random(60)
  if slots[look] then
    local kind, n = shadow[look][1], shadow[look][2]
    assert(slots[look].kind == kind and slots[look][1] == n)
    checks[kind](slots[look], n)
  end
end
for at, o in pairs(slots) do checks[shadow[at][1]](o, shadow[at][2]) end
print(switches > 50) -- expect: true
print(gc.verify() > 0) -- expect: true
-- in the end all that was given up is finalized, once
slots = {}
local last = pcall(gc.use, "marksweep")
for i = 1, 3 do gc.collect() end
print(finalizers == registered or not last) -- expect: true
