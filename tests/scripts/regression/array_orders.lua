-- Arrays filled in other orders than upwards: `#` and every element, while the
-- elements move from the hash part to the array part and at the end.
local function check(t, n, what)
  assert(#t == n, what .. ": length " .. #t .. " instead of " .. n)
  local count = 0
  for k, v in pairs(t) do
    assert(v == -k, what)
    count = count + 1
  end
  assert(count == n, what .. ": " .. count .. " elements instead of " .. n)
  for i = 1, n do assert(t[i] == -i, what) end
  assert(t[0] == nil and t[n + 1] == nil)
end

for _, n in ipairs { 3, 10, 33, 100, 513, 1000, 1022, 1023, 1024, 1025, 3000, 20000 } do
  local t = {}
  for i = n, 1, -1 do t[i] = -i end
  check(t, n, "backwards")
  t = {}
  for i = 2, n, 2 do t[i] = -i end
  for i = 1, n, 2 do t[i] = -i end
  check(t, n, "even then odd")
  t = {}
  local step = 7919
  for i = 0, n - 1 do t[i * step % n + 1] = -(i * step % n + 1) end
  check(t, n, "shuffled")
  t = {}
  for i = 1, n // 2 do
    t[i] = -i
    t[n + 1 - i] = i - n - 1
  end
  if n % 2 == 1 then t[n // 2 + 1] = -(n // 2 + 1) end
  check(t, n, "from both ends")
  -- In rows and columns, and with the first element last.
  t = {}
  for x = 2, 40 do
    for i = x, n, 39 do t[i] = -i end
  end
  t[1] = -1
  check(t, n, "by columns")
  -- Emptied from the front and filled again from the back.
  for i = 1, n do t[i] = nil end
  assert(next(t) == nil and #t == 0)
  for i = n, 1, -1 do t[i] = -i end
  check(t, n, "refilled")
  -- table.remove, table.insert and table.move see the same elements.
  assert(table.remove(t, 1) == -1 and #t == n - 1)
  table.insert(t, 1, -1)
  check(t, n, "removed and inserted")
  check(table.move(t, 1, n, 1, {}), n, "moved")
  check({ table.unpack(t, 1, math.min(n, 200)) }, math.min(n, 200), "unpacked")
end

-- Sparse, dense and negative keys side by side, removed while traversed.
local t, expected = {}, 0
for i = -3000, 3000 do
  t[i] = i
  t[i * 1000003] = i
  t[i + 0.5] = i
  t["k" .. i] = i
end
local count = 0
for k, v in pairs(t) do
  count = count + 1
  expected = expected + v
  t[k] = nil
end
-- The key 0 is also 0 * 1000003.
print(count, expected, next(t)) -- expect: 24003 0 nil

-- A queue that runs for long, with gaps.
local q, head, sum = {}, 1, 0
for tail = 1, 100000 do
  if tail % 3 ~= 0 then q[tail] = tail end
  if tail > 700 then
    sum = sum + (q[head] or 0)
    q[head] = nil
    head = head + 1
  end
end
local left = 0
for _, v in pairs(q) do left = left + v end
local all = 0
for i = 1, 100000 do if i % 3 ~= 0 then all = all + i end end
print(sum + left == all) -- expect: true
