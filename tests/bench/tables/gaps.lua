-- The longest gaps that a script sees while its tables grow: CPU time between
-- two looks at the clock, 16 insertions apart. Prints the five longest of each
-- growth, in microseconds, collections included.
--   gaps.lua [SCALE]     1 for the full sizes (default), 0.1 for a tenth
local scale = tonumber((...)) or 1
local clock, floor = os.clock, math.floor

local function growth(name, n, f)
  n = floor(n * scale)
  collectgarbage()
  local longest = { 0, 0, 0, 0, 0 }
  local last = clock()
  local function look()
    local now = clock()
    local gap = now - last
    if gap > longest[5] then
      local i = 5
      while i > 1 and longest[i - 1] < gap do
        longest[i] = longest[i - 1]
        i = i - 1
      end
      longest[i] = gap
    end
    last = clock()
  end
  local start = clock()
  f(n, look)
  local total = clock() - start
  for i = 1, 5 do longest[i] = string.format("%.0f", longest[i] * 1e6) end
  print(string.format("%-34s %8d  longest us: %s  total %.2f s", name, n, table.concat(longest, " "), total))
end

growth("hash of sparse integers", 4000000, function(n, look)
  local t = {}
  for i = 1, n do
    t[i * 1000003] = i
    if i % 16 == 0 then look() end
  end
end)
growth("array", 20000000, function(n, look)
  local t = {}
  for i = 1, n do
    t[i] = i
    if i % 16 == 0 then look() end
  end
end)
growth("array, backwards", 4000000, function(n, look)
  local t = {}
  for i = n, 1, -1 do
    t[i] = i
    if i % 16 == 0 then look() end
  end
end)
growth("array, shuffled", 4000000, function(n, look)
  local t = {}
  for i = 0, n - 1 do
    t[i * 7919 % n + 1] = i
    if i % 16 == 0 then look() end
  end
end)
growth("strings", 1000000, function(n, look)
  local t = {}
  for i = 1, n do
    t["key" .. i] = i
    if i % 16 == 0 then look() end
  end
end)
growth("array of tables", 1000000, function(n, look)
  local t = {}
  for i = 1, n do
    t[i] = { i }
    if i % 16 == 0 then look() end
  end
end)
