-- A removed entry of a table with weak keys does not keep its long string key.
-- collects: yes
local function count() collectgarbage() collectgarbage() return collectgarbage("count") end
for _, mode in ipairs { "k", "kv" } do
  local t = setmetatable({}, { __mode = mode })
  local before = count()
  for i = 1, 20 do t[("x"):rep(100000) .. i] = i end
  for i = 1, 20 do t[("x"):rep(100000) .. i] = nil end
  -- a held key is found again, and a traversal finds its place behind it
  local held = ("y"):rep(1000)
  t[held] = 1
  t.z = 2
  local seen = 0
  for k in pairs(t) do
    t[k] = nil
    collectgarbage()
    seen = seen + 1
  end
  print(mode, seen, next(t)) -- expect: k 2 nil
  print(count() - before < 200) -- expect: true
  t[("y"):rep(1000)] = 3
  collectgarbage()
  print(t[held], t[("x"):rep(100000) .. 7]) -- expect: 3 nil
  held = nil
  -- revived through an equal key while the first one has no other holder
  t[("y"):rep(1000)] = nil
  t[("y"):rep(1000)] = {}
  local other = t[("y"):rep(1000)]
  collectgarbage()
  print(t[("y"):rep(1000)] == other) -- expect: true
end
-- expect: kv 2 nil
-- expect: true
-- expect: 3 nil
-- expect: true
