-- collects: yes
-- stress: off
-- collectgarbage("step") in a loop finishes a cycle sooner or later.
local w = setmetatable({}, { __mode = "v" })
w[1] = {}
local n = 0
repeat collectgarbage("step"); n = n + 1 until not w[1] or n > 10000
print(w[1]) -- expect: nil
w[1] = {}
collectgarbage("generational")
collectgarbage()
print(w[1]) -- expect: nil
w[1] = {}
collectgarbage("incremental")
collectgarbage()
print(w[1]) -- expect: nil
