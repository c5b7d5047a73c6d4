-- Tables as they grow and shrink: array, hash, holes, border.
local t = {}
for i = 1, 1000 do t[i] = i end
print(#t, t[1], t[500], t[1000], t[1001]) -- expect: 1000 1 500 1000 nil
for i = 1000, 501, -1 do t[i] = nil end
print(#t) -- expect: 500
for i = 501, 2000 do t[i] = -i end
print(#t, t[501], t[2000]) -- expect: 2000 -501 -2000
local r = {}
for i = 100, 1, -1 do r[i] = i end
print(#r, r[50]) -- expect: 100 50
local h = {}
for i = 1, 500 do h["k" .. i] = i end
local n, sum = 0, 0
for _, v in pairs(h) do n, sum = n + 1, sum + v end
print(n, sum) -- expect: 500 125250
for i = 1, 500, 2 do h["k" .. i] = nil end
n = 0
for _ in pairs(h) do n = n + 1 end
print(n, h.k1, h.k2) -- expect: 250 nil 2
local s = { [1 << 40] = "far", [-5] = "neg", [0] = "zero", [1e300] = "huge" }
print(s[1 << 40], s[-5], s[0], s[1e300], #s) -- expect: far neg zero huge 0
local q, first, last = {}, 1, 0
for i = 1, 5000 do
  last = last + 1
  q[last] = i
  if last - first > 10 then q[first] = nil; first = first + 1 end
end
n = 0
for _ in pairs(q) do n = n + 1 end
print(n, q[first], q[last], q[first - 1]) -- expect: 11 4990 5000 nil
local m = {}
for i = 1, 64 do m[i] = {} for j = 1, 64 do m[i][j] = i * j end end
print(m[64][64], #m, #m[1]) -- expect: 4096 64 64
