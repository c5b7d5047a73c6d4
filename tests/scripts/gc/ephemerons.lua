-- collects: yes
-- Ephemerons: a value that refers to its own key does not keep it alive.
local e = setmetatable({}, { __mode = "k" })
do
  local k = {}
  e[k] = { back = k }
end
collectgarbage()
print(next(e)) -- expect: nil
-- chains: each value is the next key
local first = {}
do
  local k = first
  for i = 1, 100 do local nextkey = { i }; e[k] = nextkey; k = nextkey end
end
collectgarbage()
local n, k = 0, first
while e[k] do n = n + 1; k = e[k] end
print(n) -- expect: 100
first, k = nil, nil
collectgarbage()
print(next(e)) -- expect: nil
-- chains across two tables
local e1, e2 = setmetatable({}, { __mode = "k" }), setmetatable({}, { __mode = "k" })
local root = {}
do
  local mid = {}
  e1[root] = mid
  e2[mid] = { "leaf" }
end
collectgarbage()
print(e2[e1[root]][1]) -- expect: leaf
root = nil
collectgarbage()
print(next(e1), next(e2)) -- expect: nil nil
-- a cycle of two entries in different tables
do
  local a, b = {}, {}
  e1[a], e2[b] = b, a
end
collectgarbage()
print(next(e1), next(e2)) -- expect: nil nil
-- functions as values capturing their keys
do local key = {}; e1[key] = function() return key end end
collectgarbage()
print(next(e1)) -- expect: nil
