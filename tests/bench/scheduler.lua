-- Benchmark: a small operating system. Tasks of several classes exchange
-- packets through queues under a priority scheduler; after the idea of the
-- Richards benchmark. Argument: number of rounds.
local N = tonumber((...)) or 80

local Packet = {}
Packet.__index = Packet
function Packet.new(kind, value) return setmetatable({ kind = kind, value = value, next = nil }, Packet) end

local Queue = {}
Queue.__index = Queue
function Queue.new() return setmetatable({ length = 0 }, Queue) end
function Queue:put(p)
  p.next = nil
  if self.tail then self.tail.next = p else self.head = p end
  self.tail = p
  self.length = self.length + 1
end
function Queue:take()
  local p = self.head
  if not p then return nil end
  self.head = p.next
  if not self.head then self.tail = nil end
  self.length = self.length - 1
  return p
end

local Task = {}
Task.__index = Task
function Task:ready() return self.queue.length > 0 end
function Task:send(to, p)
  self.sent = self.sent + 1
  to.queue:put(p)
end

local function subclass(base)
  local c = setmetatable({}, { __index = base })
  c.__index = c
  c.new = function(system, priority)
    local t = setmetatable({ system = system, priority = priority, queue = Queue.new(), sent = 0, runs = 0, total = 0 }, c)
    system:add(t)
    return t
  end
  return c
end

local Worker = subclass(Task)
function Worker:run()
  local p = self.queue:take()
  p.value = (p.value * 5 + self.priority) % 8191
  self.total = self.total + p.value
  if p.value % 4 == 0 then self:send(self.system.logger, p) else self:send(self.peer, p) end
end

local Device = subclass(Task)
function Device:run()
  local p = self.queue:take()
  self.busy = ((self.busy or 0) + p.value) & 1023
  self.total = self.total + self.busy
  p.kind = p.kind == "io" and "done" or "io"
  self:send(self.system.workers[p.value % #self.system.workers + 1], p)
end

local Logger = subclass(Task)
function Logger:run()
  local p = self.queue:take()
  self.total = self.total + #p.kind
  self:send(self.system.devices[p.value % 2 + 1], Packet.new(p.kind, p.value + 1))
end

local System = {}
System.__index = System
function System.new() return setmetatable({ tasks = {}, workers = {}, devices = {} }, System) end
function System:add(t)
  local i = 1
  while self.tasks[i] and self.tasks[i].priority >= t.priority do i = i + 1 end
  table.insert(self.tasks, i, t)
end
function System:step()
  for _, t in ipairs(self.tasks) do
    if t:ready() then
      t.runs = t.runs + 1
      t:run()
      return true
    end
  end
  return false
end

local checksum = 0
for round = 1, N do
  local sys = System.new()
  for i = 1, 4 do sys.workers[i] = Worker.new(sys, i * 10) end
  for i = 1, 4 do sys.workers[i].peer = sys.workers[i % 4 + 1] end
  for i = 1, 2 do sys.devices[i] = Device.new(sys, 100 + i) end
  sys.logger = Logger.new(sys, 50)
  for i = 1, 6 do sys.workers[i % 4 + 1].queue:put(Packet.new("io", i * round)) end
  for _ = 1, 20000 do
    if not sys:step() then break end
  end
  for _, t in ipairs(sys.tasks) do checksum = (checksum * 3 + t.total + t.runs + t.sent) % 1000000007 end
end
print("scheduler", N, checksum)
