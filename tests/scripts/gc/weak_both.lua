-- collects: yes
-- Mode kv: an entry needs both its key and its value.
local t = setmetatable({}, { __mode = "kv" })
local k, v = {}, {}
t[k], t[{}], t[1], t.x = {}, v, {}, v
t["kept"] = "string"
t[v] = k
collectgarbage()
print(t[k], t[1], t.x == v, t.kept, t[v] == k) -- expect: nil nil true string true
local n = 0
for _ in pairs(t) do n = n + 1 end
print(n) -- expect: 3
v = nil
collectgarbage()
print(t.x, t.kept) -- expect: nil string
-- not weak: mode without k and v, or no string
local s = setmetatable({}, { __mode = "x" })
s[{}] = {}
local u = setmetatable({}, { __mode = 5 })
u[1] = {}
collectgarbage()
print(next(s) ~= nil, u[1] ~= nil) -- expect: true true
