-- stress: off
-- Long lists and deep nesting are marked without overflowing any stack.
local list
for i = 1, 200000 do list = { next = list, n = i } end
collectgarbage()
local n = 0
while list do n = n + 1; list = list.next end
print(n) -- expect: 200000
local deep = {}
local cur = deep
for _ = 1, 100000 do local nxt = {}; cur[1] = nxt; cur = nxt end
collectgarbage()
cur, n = deep, 0
while cur[1] do cur = cur[1]; n = n + 1 end
print(n) -- expect: 100000
local f = function() return 0 end
for i = 1, 10000 do local g = f; f = function() return g, i end end
collectgarbage()
n = 0
while true do local g, i = f(); if not i then break end n = n + 1; f = g end
print(n) -- expect: 10000
local mt = {}
for _ = 1, 10000 do mt = setmetatable({}, { __index = mt }) end
collectgarbage()
print(type(mt)) -- expect: table
local co = coroutine.create(print)
for _ = 1, 1000 do local inner = co; co = coroutine.create(function() return inner end) end
collectgarbage()
print(coroutine.status(co)) -- expect: suspended
