-- collects: yes
-- Weak values: collected objects leave, strings and numbers stay.
local t = setmetatable({}, { __mode = "v" })
local keep = { "kept" }
t[1], t[2], t.s, t.n, t.b = {}, keep, "string value", 42, true
t.f = function() return keep end
t.key = { 1 }
collectgarbage()
print(t[1], t[2] == keep, t.s, t.n, t.b, t.f, t.key) -- expect: nil true string value 42 true nil nil
local n = 0
for _ in pairs(t) do n = n + 1 end
print(n) -- expect: 4
keep = nil
collectgarbage()
print(t[2]) -- expect: nil
-- an array-like weak table
local a = setmetatable({}, { __mode = "v" })
local strong = {}
for i = 1, 100 do a[i] = { i }; if i % 10 == 0 then strong[#strong + 1] = a[i] end end
collectgarbage()
n = 0
for i = 1, 100 do if a[i] then n = n + a[i][1] end end
print(n, #strong) -- expect: 550 10
-- the metatable's mode can be set later
local late = { {}, {}, { "three" } }
setmetatable(late, { __mode = "v" })
collectgarbage()
print(next(late)) -- expect: nil
-- coroutines and closures as weak values
local w = setmetatable({ co = coroutine.create(print), cl = function() return w end }, { __mode = "v" })
local held = w.co
collectgarbage()
print(w.co == held, w.cl) -- expect: true nil
