-- stress: 400
-- The modes of collectgarbage: previous names, parameters, steps that end, and
-- a heap that stays right and bounded while the mode changes under load.
print(collectgarbage("incremental") == "incremental" or "was generational") -- expect: was generational
print(collectgarbage("generational"), collectgarbage("generational")) -- expect: incremental generational
print(collectgarbage("incremental", 150, 400, 12)) -- expect: generational
print(collectgarbage("setpause", 170), collectgarbage("setstepmul", 100)) -- expect: 150 400
print(collectgarbage("incremental", 0, 0, 0)) -- expect: incremental
print(collectgarbage("setpause", 200), collectgarbage("setstepmul", 100)) -- expect: 170 100
print(collectgarbage("generational", 30, 90), collectgarbage("incremental")) -- expect: incremental generational

-- every kind of step comes to the end of a cycle
for _, mode in ipairs { "incremental", "generational" } do
  collectgarbage(mode)
  local n = 0
  repeat n = n + 1 until collectgarbage("step")
  repeat n = n + 1 until collectgarbage("step", 50)
  print(mode, n < 100000) -- expect: incremental true
end
-- expect: generational true

-- steps work while automatic collection is stopped, and do not start it
collectgarbage("incremental")
collectgarbage("stop")
repeat until collectgarbage("step", 1000)
print(collectgarbage("isrunning")) -- expect: false
collectgarbage("restart")

-- a chain that changes all the time, weak tables beside it, and changing modes
local chain, weak, keyed = nil, setmetatable({}, { __mode = "v" }), setmetatable({}, { __mode = "k" })
local index, sum = {}, 0
for i = 1, 30000 do
  local node = { value = i, next = chain, text = "n" .. i }
  chain = node
  weak[i % 500] = node
  keyed[node] = { i }
  index[i % 100 + 1] = node
  if i % 100 == 0 then -- cut the chain, keep what the index holds
    index[i % 100 + 1].next = nil
    chain = index[50]
  end
  if i % 1000 == 0 then
    collectgarbage(i % 2000 == 0 and "generational" or "incremental")
  end
  if i % 700 == 0 then collectgarbage("step", i % 1400 == 0 and 100 or 0) end
end
for i = 1, 100 do
  local node = index[i]
  assert(keyed[node][1] == node.value and node.text == "n" .. node.value)
  sum = sum + node.value
end
print(sum) -- expect: 2995050
collectgarbage("incremental")
local count = 0
collectgarbage() collectgarbage()
for k, v in pairs(keyed) do
  assert(k.value == v[1])
  count = count + 1
end
print(count >= 100) -- expect: true

-- a coroutine changes the mode, a finalizer cannot
local co = coroutine.wrap(function()
  coroutine.yield(collectgarbage("generational"))
  return collectgarbage("incremental")
end)
print(co(), co()) -- expect: incremental generational
