-- `#` of lists used as stacks and queues, after appending and removing at either end.
local seed = 12345
local function random(n) seed = (seed * 1103515245 + 12345) % 2147483648 return (seed >> 8) % n + 1 end
for case = 1, 6000 do
  local n, t = random(20), {}
  local how = case % 4
  if how == 0 then
    for i = 1, n do t[i] = i end
  elseif how == 1 then
    t = table.pack(table.unpack({ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20 }, 1, n))
    t.n = nil
  elseif how == 2 then
    for i = 1, n do t[#t + 1] = i end
  else
    for i = 1, n do table.insert(t, random(#t + 1), i) end
  end
  local out = {}
  for i = 1, random(12) do
    local what = random(6)
    if what == 1 then t[#t] = nil
    elseif what == 2 then t[#t + 1] = 0
    elseif what == 3 then table.remove(t)
    elseif what == 4 then table.insert(t, 1)
    elseif what == 5 and #t > 0 then table.remove(t, 1)
    else table.insert(t, 1, 2) end
    out[#out + 1] = #t
  end
  print(case, how, n, table.concat(out, " "))
end
