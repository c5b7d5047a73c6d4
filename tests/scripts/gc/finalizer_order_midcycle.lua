-- collects: yes
-- stress: off
-- collectgarbage() in the midst of a cycle: all finalizers that it makes due run in the
-- reverse order of registration, whether the cycle or the collection after it found them.
local ran = {}
local mt = { __gc = function(o) ran[#ran + 1] = o.number end }
local filler = {}
for i = 1, 5000 do filler[i] = { { i } } end
collectgarbage("incremental")
local disorder, total = 0, 0
for round = 1, 60 do
  local objects = {}
  for i = 1, 100 do objects[i] = setmetatable({ number = i, more = { i } }, mt) end
  collectgarbage()
  ran = {}
  for i = 1, 100, 2 do objects[i] = nil end -- dead before the cycle begins
  for _ = 1, round do collectgarbage("step", 1) end
  for i = 2, 100, 2 do objects[i] = nil end -- some reached by then
  ran = {}
  collectgarbage()
  total = total + #ran
  for i = 2, #ran do
    if ran[i] > ran[i - 1] then disorder = disorder + 1 end
  end
end
print(disorder) -- expect: 0
print(total >= 60 * 50) -- expect: true
-- Steps of the mode that was asked for as generational collect what is young.
collectgarbage("generational")
local weak = setmetatable({}, { __mode = "v" })
weak[1] = {}
collectgarbage("step", 0)
print(weak[1]) -- expect: nil
