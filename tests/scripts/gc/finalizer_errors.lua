-- collects: yes
-- expect-warning: Lua warning: error in __gc
-- expect-warning: first failure
-- Errors in finalizers become warnings; the program and other finalizers go on.
warn("@on")
local done = {}
-- the order is that of one collection: none is to come between
collectgarbage("stop")
setmetatable({}, { __gc = function() done[#done + 1] = "a" end })
setmetatable({}, { __gc = function() error("first failure") end })
setmetatable({}, { __gc = function() done[#done + 1] = "b" end })
setmetatable({}, { __gc = function() error({}) end })
setmetatable({}, { __gc = function() local x = nil; x() end })
collectgarbage("restart")
collectgarbage()
print(table.concat(done, " ")) -- expect: b a
print(pcall(function() -- expect: true fine
  setmetatable({}, { __gc = function() error("not caught by pcall") end })
  collectgarbage()
  return "fine"
end))
