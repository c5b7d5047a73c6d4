-- Benchmark: an event loop. A binary-heap queue of closures that schedule one
-- another, with handlers and cancellation. Argument: number of events.
local N = tonumber((...)) or 1100000

local heap, size, now, serial = {}, 0, 0, 0

local function before(a, b)
  return a.time < b.time or a.time == b.time and a.serial < b.serial
end

local function push(ev)
  size = size + 1
  local i = size
  while i > 1 do
    local p = i // 2
    if not before(ev, heap[p]) then break end
    heap[i] = heap[p]
    i = p
  end
  heap[i] = ev
end

local function pop()
  local top, last = heap[1], heap[size]
  heap[size] = nil
  size = size - 1
  if size > 0 then
    local i = 1
    while true do
      local c = i * 2
      if c > size then break end
      if c < size and before(heap[c + 1], heap[c]) then c = c + 1 end
      if not before(heap[c], last) then break end
      heap[i] = heap[c]
      i = c
    end
    heap[i] = last
  end
  return top
end

local function after(delay, run)
  serial = serial + 1
  local ev = { time = now + delay, serial = serial, run = run }
  push(ev)
  return ev
end

local fired, cancelled, trace = 0, 0, 0
local function actor(id)
  local period, pending = id % 17 + 1, nil
  local function tick()
    fired = fired + 1
    trace = (trace * 3 + id) % 1000000007
    if pending and not pending.done then
      pending.run = nil
      cancelled = cancelled + 1
    end
    local started = now
    pending = after(period * (id % 3 + 1), function()
      trace = trace + now - started
      pending.done = true
    end)
    after(period, tick)
  end
  return tick
end

for id = 1, 100 do after(id % 5, actor(id)) end
local processed = 0
while processed < N do
  local ev = pop()
  now = ev.time
  if ev.run then ev.run() end
  processed = processed + 1
end
print("events", N, fired, cancelled, trace, now, size)
