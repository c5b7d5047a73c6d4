-- collects: yes
-- __mode counts as it is when the collector comes, not at setmetatable.
local mt = {}
local t = setmetatable({}, mt)
mt.__mode = "v"
t[1], t.x = {}, {}
collectgarbage()
print(t[1], t.x) -- expect: nil nil
mt.__mode = nil
t[1], t.x = {}, {}
collectgarbage()
print(t[1] ~= nil, t.x ~= nil) -- expect: true true
