-- A round-robin scheduler with channels, all by coroutines.
local ready, log = {}, {}
local function spawn(f, ...) local args = table.pack(...); ready[#ready + 1] = coroutine.create(function() f(table.unpack(args, 1, args.n)) end) end
local function channel()
  local c = { items = {} }
  function c:send(v) self.items[#self.items + 1] = v; coroutine.yield() end
  function c:recv() while #self.items == 0 do coroutine.yield() end return table.remove(self.items, 1) end
  return c
end
local a, b = channel(), channel()
spawn(function() for i = 1, 4 do a:send(i) end a:send("stop") end)
spawn(function() while true do local v = a:recv(); if v == "stop" then b:send(v) break end b:send(v * v) end end)
spawn(function() while true do local v = b:recv(); log[#log + 1] = tostring(v); if v == "stop" then break end end end)
spawn(function() error("task died") end)
local turns = 0
while #ready > 0 do
  local co = table.remove(ready, 1)
  turns = turns + 1
  local ok, e = coroutine.resume(co)
  if not ok then log[#log + 1] = "!" .. e:match("task died") end
  if coroutine.status(co) ~= "dead" then ready[#ready + 1] = co end
end
print(table.concat(log, " ")) -- expect: 1 !task died 4 9 16 stop
print(turns > 5, #ready) -- expect: true 0
