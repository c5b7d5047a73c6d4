-- A key that was removed from a hash and set again must be known to the
-- collector again, also when it is a new object where a dead one was.
local t = {}
for i = 1, 400 do t[{}] = i end -- a large hash of objects
collectgarbage()
for k in pairs(t) do t[k] = nil end
collectgarbage()
for round = 1, 50 do
  for i = 1, 200 do t[{ i }] = i end -- likely at the addresses of the dead
  local junk
  for i = 1, 2000 do junk = { i } end
  local n = 0
  for k, v in pairs(t) do
    assert(type(k) == "table" and k[1] == v, "a key was lost")
    n = n + 1
  end
  assert(n == 200, n)
  for k in pairs(t) do t[k] = nil end
end
local key = {}
t[key] = 1
collectgarbage()
t[key] = nil
collectgarbage()
t[key] = 2
collectgarbage()
print(t[key], next(t) == key) -- expect: 2 true
