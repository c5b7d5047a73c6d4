-- stress: off
-- Huge keys and sparse tables do not allocate by the size of the key.
local t = {}
t[math.maxinteger] = 1; t[math.mininteger] = 2; t[1 << 60] = 3; t[-1] = 4
print(#t, t[math.maxinteger], t[math.mininteger], t[1 << 60], t[-1]) -- expect: 0 1 2 3 4
local n = 0
for _ in pairs(t) do n = n + 1 end
print(n) -- expect: 4
for i = 1, 40 do t[1 << i] = i end
n = 0
for _ in pairs(t) do n = n + 1 end
print(n, t[1 << 40]) -- expect: 44 40
t = { [1e15] = "a", [2^53] = "b", [-2^53] = "c" }
print(t[10^15 | 0], t[1 << 53], t[-(1 << 53)]) -- expect: a b c
local sparse = {}
for i = 1, 1000 do sparse[i * i * i] = i end
n = 0
for k, v in pairs(sparse) do if k == v * v * v then n = n + 1 end end
print(n) -- expect: 1000
local big = {}
for i = 1, 300000 do big[i] = i end
print(#big, big[300000]) -- expect: 300000 300000
for i = 300000, 1, -1 do big[i] = nil end
print(#big, next(big)) -- expect: 0 nil
local h = {}
for i = 1, 100000 do h["k" .. i] = i end
for i = 1, 100000 do h["k" .. i] = nil end
print(next(h)) -- expect: nil
setmetatable(t, { __len = function() return -5 end })
print(#t, pcall(table.concat, t), pcall(table.unpack, t)) -- expect: -5 true true
