-- collects: yes
-- stress: off
-- Many ephemeron entries in shuffled order are resolved, alive and dead.
local N = 5000
local e = setmetatable({}, { __mode = "k" })
local keys, order = {}, {}
for i = 1, N do keys[i] = { id = i }; order[i] = i end
local seed = 1
for i = N, 2, -1 do seed = (seed * 16807) % 2147483647; local j = seed % i + 1; order[i], order[j] = order[j], order[i] end
for _, i in ipairs(order) do e[keys[i]] = keys[i + 1] or "end" end
local head = keys[1]
keys = nil
collectgarbage()
local n, k = 1, head
while e[k] ~= "end" do k = e[k]; n = n + 1 end
print(n) -- expect: 5000
head, k = nil, nil
collectgarbage()
print(next(e)) -- expect: nil
