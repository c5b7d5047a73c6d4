-- Micro-benchmarks of tables, one access pattern each.
--   patterns.lua NAME    runs one: prints nanoseconds of CPU time an operation,
--                        kilobytes in use at its end and a checksum
--   patterns.lua         lists the names
-- The checksum does not depend on the order of traversals or on which border `#`
-- finds. run.sh runs all of them beside lua5.4.
local floor, insert, remove = math.floor, table.insert, table.remove

local seed = 42
local function random(n)
  seed = (seed * 48271) % 2147483647
  return seed % n + 1
end
-- A full-period permutation of 64 bits, so that keys are wide and never repeat.
local function wide(i)
  return (i * 0x9E3779B97F4A7C15) ~ 0x5851F42D4C957F2D
end

local patterns, order = {}, {}
local function pattern(name, size, f)
  patterns[name] = { size, f }
  order[#order + 1] = name
end

-- Arrays filled in other orders than upwards.
for _, n in ipairs { 1000, 100000, 2000000 } do
  local rounds = 2000000 // n
  pattern("backwards " .. n, n * rounds, function()
    local t, sum
    for r = 1, rounds do
      t = {}
      for i = n, 1, -1 do t[i] = i end
      sum = (sum or 0) + #t + t[r % n + 1]
    end
    return sum, t
  end)
  pattern("forwards " .. n, n * rounds, function()
    local t, sum
    for r = 1, rounds do
      t = {}
      for i = 1, n do t[i] = i end
      sum = (sum or 0) + #t + t[r % n + 1]
    end
    return sum, t
  end)
  pattern("shuffled " .. n, n * rounds, function()
    local t, sum
    for r = 1, rounds do
      t = {}
      for i = 0, n - 1 do t[i * 7919 % n + 1] = i end
      sum = (sum or 0) + #t + t[r % n + 1]
    end
    return sum, t
  end)
  pattern("even then odd " .. n, n * rounds, function()
    local t, sum
    for r = 1, rounds do
      t = {}
      for i = 2, n, 2 do t[i] = i end
      for i = 1, n, 2 do t[i] = i end
      sum = (sum or 0) + #t + t[r % n + 1]
    end
    return sum, t
  end)
end
pattern("from both ends", 2000000, function()
  local n, t = 2000000, {}
  for i = 1, n // 2 do
    t[i] = i
    t[n + 1 - i] = i
  end
  return #t, t
end)
pattern("from 0 and below", 2000000, function()
  local t = {}
  for i = 0, -1999999, -1 do t[i] = i end
  return t[-77], t
end)

-- Integer keys too far apart for an array.
for _, step in ipairs { 7, 1000 } do
  for _, n in ipairs { 100, 10000, 1000000 } do
    local rounds = 1000000 // n
    pattern("step " .. step .. " insert " .. n, n * rounds, function()
      local t, sum = nil, 0
      for _ = 1, rounds do
        t = {}
        for i = step, n * step, step do t[i] = i end
        sum = sum + t[step]
      end
      return sum, t
    end)
    pattern("step " .. step .. " read " .. n, n * rounds, function(clock)
      local t, sum = {}, 0
      for i = step, n * step, step do t[i] = i end
      clock()
      for _ = 1, rounds do
        for i = step, n * step, step do sum = sum + t[i] end
      end
      return sum, t
    end)
  end
end
for _, n in ipairs { 1000, 1000000 } do
  local rounds = 1000000 // n
  pattern("wide keys insert " .. n, n * rounds, function()
    local t, sum = nil, 0
    for _ = 1, rounds do
      t = {}
      for i = 1, n do t[wide(i)] = i end
      sum = sum + t[wide(n)]
    end
    return sum, t
  end)
  pattern("random 48-bit keys insert " .. n, n * rounds, function()
    local t, sum = nil, 0
    for _ = 1, rounds do
      t = {}
      for i = 1, n do t[wide(i) >> 16] = i end
      sum = sum + t[wide(n) >> 16]
    end
    return sum, t
  end)
  pattern("float keys insert " .. n, n * rounds, function()
    local t, sum = nil, 0
    for _ = 1, rounds do
      t = {}
      for i = 1, n do t[i + 0.5] = i end
      sum = sum + t[1.5]
    end
    return sum, t
  end)
  pattern("float keys read " .. n, n * rounds, function(clock)
    local t, sum = {}, 0
    for i = 1, n do t[i + 0.5] = i end
    clock()
    for _ = 1, rounds do
      for i = 1, n do sum = sum + t[i + 0.5] end
    end
    return sum, t
  end)
  pattern("integral float keys " .. n, 2 * n * rounds, function()
    local t, sum
    for r = 1, rounds do
      t, sum = {}, 0
      for i = 1.0, n do t[i] = i end
      for i = 1.0, n do sum = sum + t[i] end
    end
    return floor(sum), t
  end)
end

-- Integer-keyed hashes under way.
for _, n in ipairs { 1000, 100000, 2000000 } do
  local ops = 3000000
  local function filled()
    local t = {}
    for i = 1, n do t[i * 3 + (i % 2) * 1000000007] = i end
    return t
  end
  pattern("random read " .. n, ops, function(clock)
    local t, sum = filled(), 0
    clock()
    for _ = 1, ops do
      local i = random(n)
      sum = sum + t[i * 3 + (i % 2) * 1000000007]
    end
    return sum, t
  end)
  pattern("random replace " .. n, ops, function(clock)
    local t = filled()
    clock()
    for k = 1, ops do
      local i = random(n)
      t[i * 3 + (i % 2) * 1000000007] = k
    end
    local sum = 0
    for _, v in pairs(t) do sum = sum + v end
    return sum, t
  end)
  pattern("random insert and remove " .. n, ops, function(clock)
    local t, sum = {}, 0
    for _ = 1, n do t[random(2 * n) * 17] = true end
    clock()
    for _ = 1, ops do
      local k = random(2 * n) * 17
      if t[k] then t[k] = nil else t[k] = true end
    end
    for k in pairs(t) do sum = sum + k end
    return sum, t
  end)
  pattern("sliding keys " .. n, ops, function(clock)
    local t, sum = {}, 0
    for i = 1, n do t[wide(i) >> 20] = i end
    clock()
    for i = 1, ops do
      t[wide(i) >> 20] = nil
      t[wide(i + n) >> 20] = i
    end
    for _, v in pairs(t) do sum = sum + v end
    return sum, t
  end)
  pattern("absent keys " .. n, ops, function(clock)
    local t, sum = filled(), 0
    clock()
    for _ = 1, ops do
      if t[random(n) * 3 + 1] then sum = sum + 1 end
    end
    return sum, t
  end)
end

-- String keys.
for _, n in ipairs { 100, 1000, 10000, 100000, 1000000 } do
  local rounds = 1000000 // n
  local function names()
    local keys = {}
    for i = 1, n do keys[i] = "key" .. i end
    return keys
  end
  pattern("strings insert " .. n, n * rounds, function(clock)
    local keys, t = names(), nil
    clock()
    for _ = 1, rounds do
      t = {}
      for i = 1, n do t[keys[i]] = i end
    end
    return t[keys[n]], t, keys
  end)
  pattern("strings read " .. n, n * rounds, function(clock)
    local keys, t, sum = names(), {}, 0
    for i = 1, n do t[keys[i]] = i end
    clock()
    for _ = 1, rounds do
      for i = 1, n do sum = sum + t[keys[i]] end
    end
    return sum, t, keys
  end)
  pattern("strings remove and insert " .. n, 2 * n * rounds, function(clock)
    local keys, t, sum = names(), {}, 0
    for i = 1, n do t[keys[i]] = i end
    clock()
    for _ = 1, rounds do
      for i = 1, n do
        t[keys[i]] = nil
        t[keys[n + 1 - i]] = i
      end
    end
    for _, v in pairs(t) do sum = sum + v end
    return sum, t, keys
  end)
end
pattern("strings fresh", 1000000, function()
  local t = {}
  for i = 1, 1000000 do t["k" .. i] = i end
  return t.k77, t
end)
pattern("counting words", 2000000, function()
  local t, text, sum = {}, ("lorem ipsum dolor sit amet consectetur adipiscing elit "):rep(25), 0
  for _ = 1, 10000 do
    for w in text:gmatch("%a+") do t[w] = (t[w] or 0) + 1 end
  end
  for _, v in pairs(t) do sum = sum + v end
  return sum, t
end)

-- Keys of several kinds.
for _, n in ipairs { 1000, 250000 } do
  local rounds = 250000 // n
  pattern("mixed keys " .. n, 8 * n * rounds, function(clock)
    local keys, t, sum = {}, nil, 0
    for i = 1, n do keys[i] = { "x" .. i, {} } end
    clock()
    for _ = 1, rounds do
      t = { [true] = 1 }
      for i = 1, n do
        local k = keys[i]
        t[k[1]], t[k[2]], t[i * 11], t[i + 0.25] = i, i, i, i
      end
      for i = 1, n do
        local k = keys[i]
        sum = sum + t[k[1]] + t[k[2]] + t[i * 11] + t[i + 0.25]
      end
    end
    return sum, t, keys
  end)
  pattern("tables as keys " .. n, 2 * n * rounds, function(clock)
    local keys, t, sum = {}, nil, 0
    for i = 1, n do keys[i] = {} end
    clock()
    for _ = 1, rounds do
      t = {}
      for i = 1, n do t[keys[i]] = i end
      for i = 1, n do sum = sum + t[keys[i]] end
    end
    return sum, t, keys
  end)
end

-- Uses of arrays.
for _, n in ipairs { 1, 100, 5000, 200000 } do
  local ops = 3000000
  pattern("queue of " .. n, ops, function()
    local t, head, sum = {}, 1, 0
    for i = 1, n do t[i] = i end
    for tail = n + 1, n + ops do
      t[tail] = tail
      sum = sum + t[head]
      t[head] = nil
      head = head + 1
    end
    return sum, t
  end)
  pattern("stack of " .. n, ops, function()
    local t, sum = {}, 0
    for _ = 1, ops // (2 * n) do
      for i = 1, n do t[#t + 1] = i end
      for _ = 1, n do
        sum = sum + t[#t]
        t[#t] = nil
      end
    end
    return sum, t
  end)
end
pattern("grid", 4000000, function()
  local w, h, t, sum = 1000, 1000, {}, 0
  for y = 0, h - 1 do
    for x = 0, w - 1 do t[y * w + x] = x end
  end
  for _ = 1, 3 do
    for y = 0, h - 1 do
      for x = 0, w - 1 do sum = sum + t[y * w + x] end
    end
  end
  return sum, t
end)
pattern("grid by columns", 4000000, function()
  local w, h, t, sum = 1000, 1000, {}, 0
  for x = 0, w - 1 do
    for y = 0, h - 1 do t[y * w + x] = x end
  end
  for _ = 1, 3 do
    for y = 0, h - 1 do
      for x = 0, w - 1 do sum = sum + t[y * w + x] end
    end
  end
  return sum, t
end)
pattern("grid, every fourth", 1000000, function()
  local w, h, t, sum = 1000, 1000, {}, 0
  for y = 0, h - 1 do
    for x = 0, w - 1 do
      if random(4) == 1 then t[y * w + x] = 1 end
    end
  end
  for i = 0, w * h - 1 do sum = sum + (t[i] or 0) end
  return sum, t
end)
pattern("insert and remove at the end", 4000000, function()
  local t, sum = {}, 0
  for _ = 1, 2 do
    for i = 1, 1000000 do insert(t, i) end
    for _ = 1, 1000000 do sum = sum + remove(t) end
  end
  return sum, t
end)
pattern("insert at the front", 300 * 1000, function()
  local t, sum = nil, 0
  for _ = 1, 300 do
    t = {}
    for i = 1, 1000 do insert(t, 1, i) end
    sum = sum + t[1]
  end
  return sum, t
end)
pattern("insert at the front, 20000", 20000, function()
  local t = {}
  for i = 1, 20000 do insert(t, 1, i) end
  return t[1] + #t, t
end)
pattern("remove at the front", 20000, function(clock)
  local t, sum = {}, 0
  for i = 1, 20000 do t[i] = i end
  clock()
  for _ = 1, 20000 do sum = sum + remove(t, 1) end
  return sum, t
end)
pattern("small arrays", 1000000, function()
  local t, sum = nil, 0
  for _ = 1, 100000 do
    t = {}
    for i = 1, 10 do t[i] = i end
    sum = sum + #t
  end
  return sum, t
end)
pattern("small sets", 1000000, function()
  local t, sum = nil, 0
  for r = 1, 100000 do
    t = {}
    for i = 1, 10 do t[i * 97 + r] = true end
    for i = 1, 10 do if t[i * 97 + r] then sum = sum + 1 end end
  end
  return sum, t
end)

-- Traversals and lengths.
local forms = {
  array = function(n) local t = {} for i = 1, n do t[i] = i end return t end,
  ["backwards array"] = function(n) local t = {} for i = n, 1, -1 do t[i] = i end return t end,
  ["sparse integers"] = function(n) local t = {} for i = 1, n do t[i * 7] = i end return t end,
  strings = function(n) local t = {} for i = 1, n do t["s" .. i] = i end return t end,
}
for _, form in ipairs { "array", "backwards array", "sparse integers", "strings" } do
  for _, n in ipairs { 10, 1000, 1000000 } do
    local rounds = 3000000 // n
    pattern("pairs over " .. form .. " " .. n, n * rounds, function(clock)
      local t, sum = forms[form](n), 0
      clock()
      for _ = 1, rounds do
        for _, v in pairs(t) do sum = sum + v end
      end
      return sum, t
    end)
  end
  pattern("next over " .. form, 3000000, function(clock)
    local t, sum = forms[form](100000), 0
    clock()
    for _ = 1, 30 do
      local k, v = next(t)
      while k do
        sum = sum + v
        k, v = next(t, k)
      end
    end
    return sum, t
  end)
  pattern("clearing " .. form, 1000000, function(clock)
    local t, n = forms[form](1000000), 0
    clock()
    for k in pairs(t) do
      t[k] = nil
      n = n + 1
    end
    return n + (next(t) and 1 or 0), t
  end)
end
pattern("length of an array", 3000000, function()
  local t, sum = forms.array(1000), 0
  for _ = 1, 3000000 do sum = sum + #t end
  return sum, t
end)
pattern("length of a backwards array", 3000000, function()
  local t, sum = forms["backwards array"](1000), 0
  for _ = 1, 3000000 do sum = sum + #t end
  return sum, t
end)
pattern("length of an array with strings", 3000000, function()
  local t, sum = forms.array(1000), 0
  for i = 1, 100 do t["x" .. i] = i end
  for _ = 1, 3000000 do sum = sum + #t end
  return sum, t
end)
pattern("length of a hash", 3000000, function()
  local t, sum = forms["sparse integers"](1000), 0
  for _ = 1, 3000000 do sum = sum + #t end
  return sum, t
end)
pattern("removing the first half", 1000000, function(clock)
  local t = forms.array(1000000)
  clock()
  for i = 1, 500000 do t[i] = nil end
  local sum = 0
  for i = 1, 500000 do sum = sum + (t[i + 500000] and 1 or 0) end
  return sum, t
end)
pattern("emptied and filled again", 4000000, function()
  local t, sum = {}, 0
  for r = 1, 20 do
    for i = 1, 100000 do t[i * 5 + r] = i end
    for i = 1, 100000 do t[i * 5 + r] = nil end
  end
  for _ in pairs(t) do sum = sum + 1 end
  return sum, t
end)

local name = table.concat({ ... }, " ")
if name == "" then
  print(table.concat(order, "\n"))
  return
end
local size, f = table.unpack(patterns[name] or error("no pattern " .. name))
local before = collectgarbage("count")
local start
local function clock() start = os.clock() end
clock()
local sum, keep, keep2 = f(clock)
local ns = (os.clock() - start) * 1e9 / size
collectgarbage()
collectgarbage()
local kb = collectgarbage("count") - before
print(string.format("%.2f %.0f %s", ns, kb, sum))
assert(keep ~= 0 and keep2 ~= 0) -- until here they are alive
