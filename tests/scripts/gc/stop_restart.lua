-- collects: yes
-- stress: off
-- A stopped collector lets garbage grow; an explicit collection still works.
collectgarbage("stop")
local w = setmetatable({}, { __mode = "v" })
w[1] = {}
local before = collectgarbage("count")
for i = 1, 20000 do local t = { i } end
print(collectgarbage("count") > before + 300, w[1] ~= nil, collectgarbage("isrunning")) -- expect: true true false
collectgarbage("collect")
print(w[1], collectgarbage("isrunning")) -- expect: nil false
collectgarbage("restart")
print(collectgarbage("isrunning")) -- expect: true
w[1] = {}
local turns = 0
repeat local t = {}; turns = turns + 1 until not w[1] or turns > 5000000
print(w[1] == nil) -- expect: true
