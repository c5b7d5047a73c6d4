-- collects: yes
-- Weak keys: entries vanish with their key, values keep nothing alive alone.
local t = setmetatable({}, { __mode = "k" })
local k1, k2 = {}, {}
t[k1], t[k2], t[{}], t["str"], t[5], t[1.5] = "one", "two", "lost", "s", "five", "f"
collectgarbage()
local n = 0
for _ in pairs(t) do n = n + 1 end
print(n, t[k1], t[k2], t.str, t[5], t[1.5]) -- expect: 5 one two s five f
k1 = nil
collectgarbage()
n = 0
for _ in pairs(t) do n = n + 1 end
print(n, t[k2]) -- expect: 4 two
for i = 1, 500 do t[{}] = i end
collectgarbage()
n = 0
for _ in pairs(t) do n = n + 1 end
print(n) -- expect: 4
for i = 1, 50 do t[function() return i end] = i end
collectgarbage()
n = 0
for _ in pairs(t) do n = n + 1 end
print(n) -- expect: 4
-- insertion keeps working after clearing
for i = 1, 100 do t[i] = i * 2 end
print(t[1], t[100], t.str) -- expect: 2 200 s
local shared = {}
local a, b = setmetatable({}, { __mode = "k" }), setmetatable({}, { __mode = "k" })
a[shared], b[shared] = 1, 2
shared = nil
collectgarbage()
print(next(a), next(b)) -- expect: nil nil
