-- collects: yes
-- stress: 200
-- A late __mode reaches tables all over a large heap: those that become weak by and by, or
-- with the next full collection asked for; those that become strong, before anything is cleared.
local mt = {}
local tables, filler = {}, {}
for i = 1, 3000 do
  tables[i] = setmetatable({}, mt)
  tables[i][1], tables[i].x = {}, {}
  filler[i] = { { i }, "text" .. i }
end
local function count()
  local n = 0
  for i = 1, #tables do
    if tables[i][1] ~= nil then n = n + 1 end
    if tables[i].x ~= nil then n = n + 1 end
  end
  return n
end
mt.__mode = "v"
for i = 1, 200 do filler[i] = { { i } } end
collectgarbage()
print(count()) -- expect: 0

-- The same again: nothing changes. Then strong: what is in them stays.
mt.__mode = "v"
mt.__mode = nil
for i = 1, #tables do tables[i][1], tables[i].x = {}, {} end
for i = 1, 20000 do filler[i % 3000 + 1] = { { i } } end
collectgarbage()
print(count()) -- expect: 6000

-- Weak once more, while the collector is at work without being asked.
mt.__mode = "v"
local rounds = 0
while count() > 0 and rounds < 3000 do
  rounds = rounds + 1
  for i = 1, 2000 do filler[i % 3000 + 1] = { { i } } end
end
print(count() == 0 or rounds) -- expect: true

-- Keys instead of values: an entry keeps its value while its key lives.
mt.__mode = "k"
local key = {}
for i = 1, #tables do tables[i][key] = {} end
for i = 1, 20000 do filler[i % 3000 + 1] = { { i } } end
local n = 0
for i = 1, #tables do if tables[i][key] then n = n + 1 end end
print(n) -- expect: 3000
for i = 1, #tables do tables[i][{}] = 1 end
key = nil
collectgarbage()
n = 0
for i = 1, #tables do if next(tables[i]) then n = n + 1 end end
print(n) -- expect: 0

-- Each object a metatable of its own that becomes weak late.
local function new()
  local m = {}
  local o = setmetatable({}, m)
  m.__mode = "k"
  o[{}] = true
  return o
end
local objects = {}
for i = 1, 2000 do objects[i] = new() end
collectgarbage()
n = 0
for i = 1, #objects do if next(objects[i]) then n = n + 1 end end
print(n) -- expect: 0
