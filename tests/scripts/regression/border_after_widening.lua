-- Assignments and removals in any order: `#` is a border each time, and every key is where
-- it can be found. (Key n + 1 went to the hash part when the same assignment had made the
-- array part end at n, and `#` did not look there.)
-- stress: off
local seed = 777
local function random(n)
  seed = (seed * 1103515245 + 12345) & 0x7fffffff
  return (seed >> 8) % n + 1
end
local ranges = { 4, 6, 9, 12, 17, 33, 70 }
local lengths = 0
for _ = 1, 400 do
  local range = ranges[random(#ranges)]
  local t, model = {}, {} -- the model has strings as keys
  for step = 1, random(60) do
    local key, value = random(range), random(4) > 1 and step or nil
    t[key] = value
    model["k" .. key] = value
    local n = #t
    assert(n == 0 or model["k" .. n])
    assert(not model["k" .. n + 1])
    local count = 0
    for k, v in pairs(t) do
      count = count + 1
      assert(model["k" .. k] == v)
    end
    for k = 1, range do
      assert(t[k] == model["k" .. k])
      if t[k] then count = count - 1 end
    end
    assert(count == 0)
    lengths = lengths + 1
  end
end
print(lengths > 10000) -- expect: true
local t = {}
for _, k in ipairs { 1, 4, 2, 5, 3 } do t[k] = k end
print(#t) -- expect: 5
