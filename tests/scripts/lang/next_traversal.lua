-- next: assigning nil during traversal is allowed, errors for unknown keys.
local t = {}
for i = 1, 100 do t[i] = i; t["s" .. i] = i end
local visited = 0
for k in pairs(t) do visited = visited + 1; t[k] = nil end
print(visited, next(t)) -- expect: 200 nil
for i = 1, 50 do t["k" .. i] = i end
local changed = 0
for k, v in pairs(t) do t[k] = v + 1; changed = changed + 1 end
print(changed, t.k1, t.k50) -- expect: 50 2 51
print(pcall(next, {}, "nokey")) -- expect: false invalid key to 'next'
print(pcall(next, { 1, 2 }, 5)) -- expect: false invalid key to 'next'
print(next({ "only" })) -- expect: 1 only
print(next({ "only" }, 1)) -- expect: nil
print(pcall(next)) -- expect: false bad argument #1 to 'next' (table expected, got no value)
local keys = {}
local k, v
repeat k, v = next({ a = 1 }, k); keys[#keys + 1] = tostring(k) until not k
print(table.concat(keys, " ")) -- expect: a nil
local arr = { 1, 2, 3, x = 4 }
local order = {}
for key in pairs(arr) do order[#order + 1] = tostring(key) end
print(table.concat(order, " ")) -- expect: 1 2 3 x
-- nested traversals of one table
local count = 0
for a in pairs(arr) do for b in pairs(arr) do count = count + 1 end end
print(count) -- expect: 16
-- removing other keys while traversing
local r = {}
for i = 1, 64 do r["x" .. i] = i end
local turns = 0
for key in pairs(r) do turns = turns + 1; for i = 1, 64 do r["x" .. i] = nil end end
print(turns, next(r)) -- expect: 1 nil
