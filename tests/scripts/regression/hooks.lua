-- stress: 1000
-- Hooks see calls, returns, lines and counts; removing them stops that.
local log = {}
local function add(event, line)
  local info = debug.getinfo(2, "S")
  if info.what ~= "C" then log[#log + 1] = event .. (line and " line" or "") end
end
local function f(a)
  local b = a + 1
  return b
end
debug.sethook(add, "crl")
f(1)
debug.sethook()
print(table.concat(log, ", ")) -- expect: line line, call, line line, line line, return, line line
print(debug.gethook()) -- expect: nil
local n = 0
debug.sethook(function() n = n + 1 end, "", 100)
for i = 1, 1000 do local x = i end
local _, mask, count = debug.gethook()
debug.sethook()
print(n >= 5, mask, count) -- expect: true  100
local tails = 0
local function g() return f(1) end
debug.sethook(function(e) if e == "tail call" then tails = tails + 1 end end, "c")
g()
debug.sethook()
print(tails) -- expect: 1
print(pcall(function()
  debug.sethook(function() debug.sethook() error("from hook", 0) end, "l")
  local x = 1
  return x
end)) -- expect: false from hook
debug.sethook()
local co = coroutine.create(function() local x = 1; coroutine.yield(); x = 2 end)
local lines = 0
debug.sethook(co, function() lines = lines + 1 end, "l")
coroutine.resume(co)
coroutine.resume(co)
print(lines > 0, debug.gethook(co) ~= nil, debug.gethook() == nil) -- expect: true true true
local first, number
debug.sethook(function(e)
  local r = debug.getinfo(2, "rS")
  if r.what == "Lua" and e == "return" then first, number = r.ftransfer, r.ntransfer end
end, "r")
f(41)
debug.sethook()
print(first, number) -- expect: 2 1
print(debug.getinfo(1, "r").ntransfer) -- expect: 0
-- An error in the hook of pcall's own return is not caught by it.
local returns = 0
print(pcall(function()
  debug.sethook(function()
    returns = returns + 1
    if returns == 2 then debug.sethook() error("return", 0) end
  end, "r")
  pcall(error)
end)) -- expect: false return
