-- The gc library: what its functions return and refuse.
-- stress: 2000
-- flags: --gc-pause-goal=500us
print(require "gc" == gc) -- expect: true
local names = gc.collectors()
local known = {}
for _, name in ipairs(names) do known[name] = true end
print(known.none, known.marksweep, known.generational) -- expect: true true true
local name, mode = gc.collector()
print(known[name], mode) -- expect: true generational

-- figures: the keys of --gc-stats-json, numbers that fit together, text
local function keys(t)
  local list = {}
  for k in pairs(t) do list[#list + 1] = k end
  table.sort(list)
  return table.concat(list, " ")
end
collectgarbage()
local stats = gc.stats()
stats.counting = nil -- `refcount` alone
print(keys(stats))
-- expect: average_committed_bytes average_heap_bytes barrier_slow_paths by_kind collector concurrent cpu_s finalizers gc_s helper_cpu_s live_bytes mmu pauses peak_committed_bytes peak_heap_bytes peak_rss_bytes wall_s
print(keys(stats.pauses), keys(stats.pauses.wall))
-- expect: cpu wall count max_ms mean_ms p50_ms p90_ms p999_ms p99_ms total_ms
local count = 0
for kind, clocks in pairs(stats.by_kind) do
  count = count + clocks.wall.count
  assert(type(kind) == "string" and clocks.cpu.count == clocks.wall.count)
end
print(count == stats.pauses.cpu.count, stats.collector == name) -- expect: true true
print(stats.live_bytes > 0, stats.peak_heap_bytes >= stats.live_bytes, stats.wall_s >= stats.gc_s)
-- expect: true true true
print(tostring(stats):match("^(%a+): %d") == name) -- expect: true
setmetatable(stats, nil).pauses = 7
-- a damaged table is no trouble
print(getmetatable(gc.stats()).__tostring(stats):match("no pauses")) -- expect: no pauses

-- clocks
local t, c = gc.clock(), gc.cpu()
local x = 0
for i = 1, 1e5 do x = x + i end
print(math.type(t), gc.clock() > t, gc.cpu() > c) -- expect: float true true

-- bytes and objects
local bytes, objects = gc.live()
print(math.type(bytes), math.type(objects), math.abs(bytes / 1024 - collectgarbage("count")) < 64)
-- expect: integer integer true

-- collections
print(math.type(gc.collect()), math.type(gc.collect("full")), math.type(gc.collect("minor")))
-- expect: integer integer integer
print(math.type(gc.minor()), type(gc.step()), type(gc.step(64))) -- expect: integer boolean boolean
local n = 0
repeat n = n + 1 until gc.step(100)
print(n < 10000) -- expect: true
print(pcall(gc.collect, "half")) -- expect: false bad argument #1 to 'gc.collect' (invalid option 'half')

-- pauses
gc.use(name)
gc.collect()
local list = gc.pauses()
print(#gc.pauses(0), #list <= 256, #gc.pauses(1) == math.min(#list, 1)) -- expect: 0 true true
if #list > 0 then
  local last = list[#list]
  assert(last.kind and last.cause and last.start_s > 0 and last.wall_ms > 0 and last.cpu_ms > 0)
  assert(last.bytes_before > 0 and last.objects_after > 0 and type(last.phases) == "table")
  for phase, ms in pairs(last.phases) do assert(type(phase) == "string" and ms <= last.wall_ms) end
  assert(tostring(last):find("^%[%d+%.%d+s%] " .. last.kind .. " %(" .. last.cause .. "%)"), tostring(last))
  for i = 2, #list do assert(list[i].start_s >= list[i - 1].start_s) end
else
  assert(name == "none")
end

-- single objects
local object = gc.inspect(setmetatable({ 1, 2, 3, x = {} }, { __gc = function() end }))
print(object.kind, object.finalizable, object.total > object.bytes) -- expect: table true true
print(gc.inspect(print).kind, gc.inspect("text" .. x).kind, gc.inspect(function() return x end).kind)
-- expect: native function string closure
print(gc.inspect(1), gc.inspect(nil), gc.inspect(true)) -- expect: nil nil nil
print(gc.inspect(coroutine.create(print)).kind, gc.inspect(io.stdout).kind) -- expect: thread userdata
print(tostring(object):find("^table, %a+, %d+ bytes %(%d+ with its parts%).*, has a finalizer$") ~= nil)
-- expect: true
local many = {}
for i = 1, 10000 do many[i] = i end
print(gc.inspect(many).total >= 80000) -- expect: true
for i = 1, 10000 do many[i .. ""] = i end
print(gc.inspect(many).total >= 240000) -- expect: true

-- the whole heap, options
print(gc.verify() > 100) -- expect: true
local options = gc.options()
print(options.gc == name, options.growth, options["pause-goal"], math.type(options.nursery))
-- expect: true 1.75 0.0005 integer

-- what a call costs
local cost, a, b = gc.measure(function(n)
  local t
  for i = 1, n do t = { t } if i % 50 == 0 then t = nil end end
  return n, "done"
end, 200000)
print(a, b) -- expect: 200000 done
print(cost.wall_s > 0, cost.cpu_s > 0, cost.gc_s <= cost.wall_s, cost.pauses.wall.count == cost.pauses.cpu.count)
-- expect: true true true true
print((cost.pauses.wall.count > 0) == (name ~= "none")) -- expect: true
print(tostring(cost):find("in collection") ~= nil) -- expect: true
print(select("#", gc.measure(print))) -- prints an empty line
-- expect: 
-- expect: 1
print(pcall(gc.measure, error, "passed on", 0)) -- expect: false passed on
print(pcall(gc.measure)) -- expect: false bad argument #1 to 'gc.measure' (function expected, got no value)

-- the log
local file = os.tmpname()
print(gc.log(file)) -- expect: true
gc.use(name)
gc.collect()
gc.log(false)
gc.collect()
local lines = 0
for line in io.lines(file) do
  lines = lines + 1
  assert(line:find("^%[%d"), line)
end
os.remove(file)
print((lines > 0) == (name ~= "none")) -- expect: true
print(gc.log("/nonexistent/log")) -- expect: nil /nonexistent/log: No such file or directory 2

-- refusals
print(pcall(gc.use, 1 == 1)) -- expect: false bad argument #1 to 'gc.use' (string expected, got boolean)
local fine, message = pcall(gc.use, "fancy")
print(fine, message:match("^[^(]+%(unknown collector 'fancy' %(there are:.* marksweep"))
-- expect: false bad argument #1 to 'gc.use' (unknown collector 'fancy' (there are: none marksweep
