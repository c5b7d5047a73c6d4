-- stress: 100
-- Stores of fresh objects into old ones survive: tables, upvalues, metatables,
-- array and hash parts, environments, coroutine stacks.
local old = { arr = {}, hash = {}, nest = { deep = {} } }
for i = 1, 100 do old.arr[i] = false; old.hash["k" .. i] = false end
local up
local function set(v) up = v end
local function get() return up end
local co = coroutine.wrap(function(v) while true do local got = v; v = coroutine.yield(got) end end)
co({ 0 })
local obj = setmetatable({}, {})
collectgarbage(); collectgarbage()
local failures = 0
for i = 1, 300 do
  local k = i % 100 + 1
  old.arr[k] = { i }
  old.hash["k" .. k] = { i }
  old.nest.deep[i] = { tostring(i) }
  set({ i })
  co({ i })
  setmetatable(obj, { __index = { value = i } })
  global_young = { i }
  old["field" .. i] = { i }
  if i % 25 == 0 then
    collectgarbage("step")
    local back = co({ i + 1 })
    if old.arr[k][1] ~= i or old.hash["k" .. k][1] ~= i or get()[1] ~= i or obj.value ~= i or global_young[1] ~= i
      or back[1] ~= i + 1 or old.nest.deep[i][1] ~= tostring(i) then failures = failures + 1 end
  end
end
for i = 1, 300 do if old["field" .. i][1] ~= i or old.nest.deep[i][1] ~= tostring(i) then failures = failures + 1 end end
print(failures) -- expect: 0
