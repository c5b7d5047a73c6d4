-- Benchmark: sorting. table.sort with and without a comparator, on numbers,
-- strings and records, and a quicksort written in Lua. Argument: elements.
local N = tonumber((...)) or 450000

local seed = 42
local function random(n)
  seed = (seed * 1103515245 + 12345) & 0x7fffffff
  return seed % n
end

local function quicksort(t, lo, hi)
  while lo < hi do
    local mid = (lo + hi) // 2
    local pivot = t[mid]
    local i, j = lo, hi
    while i <= j do
      while t[i] < pivot do i = i + 1 end
      while pivot < t[j] do j = j - 1 end
      if i <= j then
        t[i], t[j] = t[j], t[i]
        i, j = i + 1, j - 1
      end
    end
    if j - lo < hi - i then
      quicksort(t, lo, j)
      lo = i
    else
      quicksort(t, i, hi)
      hi = j
    end
  end
end

local function digest(t, get)
  local h = 0
  for i = 1, #t do h = (h * 33 + get(t[i])) & 0xffffffff end
  return h
end
local function same(v) return v end

local numbers, copy, floats, strings, records = {}, {}, {}, {}, {}
for i = 1, N do
  numbers[i] = random(1000000)
  copy[i] = numbers[i]
  floats[i] = random(1000000) / 8
end
for i = 1, N // 3 do
  strings[i] = "s" .. random(100000)
  records[i] = { key = random(1000), id = i }
end

table.sort(numbers)
print("sort plain", digest(numbers, same))
quicksort(copy, 1, #copy)
print("sort lua", digest(copy, same))
table.sort(floats, function(a, b) return a > b end)
print("sort floats", digest(floats, function(v) return v // 1 | 0 end))
table.sort(strings)
print("sort strings", digest(strings, function(s) return #s + s:byte(-1) end))
table.sort(records, function(a, b)
  if a.key ~= b.key then return a.key < b.key end
  return a.id < b.id
end)
print("sort records", digest(records, function(r) return r.id end))
