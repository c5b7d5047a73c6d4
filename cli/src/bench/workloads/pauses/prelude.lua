-- What each pause workload begins with: its size, random numbers, and clocks that
-- are read often enough to see every gap in the program's progress, whoever caused
-- it. All of it runs under any Lua 5.4.
local scale = tonumber((...)) or 1
local function sized(n) return math.max(16, math.floor(n * scale)) end

local seed = 42
local function random(n)
  seed = seed * 48271 % 2147483647
  return seed % n + 1
end

-- Processor time of the program's thread, and time on the wall, where they can be
-- had; else of the process.
local clock, wall = os.clock, nil
if type(gc) == "table" then clock, wall = gc.cpu or os.clock, gc.clock end

-- called between two pieces of work of some microseconds
local longest, long_ones, last = 0, 0, clock()
local longest_wall, last_wall = 0, wall and wall()
local function tick()
  local now = clock()
  local gap = now - last
  if gap > longest then longest = gap end
  if gap > 0.001 then long_ones = long_ones + 1 end
  last = now
  if wall then
    now = wall()
    gap = now - last_wall
    if gap > longest_wall then longest_wall = gap end
    last_wall = now
  end
end
-- what came since the last tick does not count
local function restart()
  last = clock()
  last_wall = wall and wall()
end

-- figures go to standard error, the checksum to standard output
local function figure(name, value) io.stderr:write(("bench: %s %.9g\n"):format(name, value)) end
local function finish(...)
  tick()
  figure("gap_ms", longest * 1000)
  figure("gaps_over_1ms", long_ones)
  if wall then figure("gap_wall_ms", longest_wall * 1000) end
  print(...)
end

