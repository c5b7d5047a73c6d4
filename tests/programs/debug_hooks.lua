-- Hooks: events, lines, counts, names, transferred values, errors in hooks; names of functions as they are called; names of chunks.
-- hooks
local log = {}
local function rec(e, l) log[#log+1] = e .. ":" .. tostring(l) .. ":" .. tostring(debug.getinfo(2, "n").name) end
local function dump(name)
print(name, #log) for i, v in ipairs(log) do print("", v) end log = {} end
local function callee(x)
return x + 1 end
local function run()
  local a = 1
  for i = 1, 3 do
    a = callee(a)
  end
  if a > 2 then a = 5 else a = 6 end
  while a > 3 do a = a - 1 end
  local t = { 1,
    2,
    3 }
  goto done
  a = 7
  ::done::
  repeat local z = a; a = a - 1 until z < 2
  return callee(a)
end
debug.sethook(rec, "l")
run()
debug.sethook() dump("line")
debug.sethook(rec, "c")
run()
debug.sethook() dump("call")
debug.sethook(rec, "r")
run()
debug.sethook() dump("return")
debug.sethook(rec, "crl")
run()
debug.sethook() dump("all")
-- gethook
debug.sethook(rec, "crl", 100)
local h, m, c = debug.gethook()
debug.sethook()
print(h == rec, m, c) log = {}
-- count hooks
local n = 0 debug.sethook(function() n = n + 1 end, "", 100) for i = 1, 10000 do end
debug.sethook()
print(n > 50)
-- hook in coroutine
local co = coroutine.create(function()
local x = 1
 coroutine.yield(x)
 x = 2
 return x end)
debug.sethook(co, rec, "l")
print(coroutine.resume(co))
print(debug.gethook(co) == rec)
print(debug.gethook())
print(coroutine.resume(co)) dump("co")
-- error in hook
print(pcall(function()
debug.sethook(function()
debug.sethook() error("in hook") end, "l")
 local x = 1
end))
debug.sethook()
print(select(2, pcall(function()
debug.sethook(function(e, l)
debug.sethook() error("at " .. l, 2) end, "l")
 local x = 1
end)))
debug.sethook()
-- transfer
debug.sethook(function(e)
local i = debug.getinfo(2, "rnS") if i.what == "Lua" then log[#log+1] = e .. " " .. i.ftransfer .. " " .. i.ntransfer .. " " .. tostring(i.name) for j = i.ftransfer, i.ftransfer + i.ntransfer - 1 do log[#log] = log[#log] .. " " .. tostring((select(2, debug.getlocal(2, j)))) end end end, "cr")
local function tr(a, b, ...)
return a, b, a + b end
tr(1, 2, 3)
debug.sethook() dump("transfer")
-- tail call events
local function tail()
return callee(1) end
debug.sethook(rec, "cr") tail()
debug.sethook() dump("tail")
-- metamethod, for iterator, hook names
local mt = setmetatable({}, {__index = function(t, k)
return debug.getinfo(1, "n").name .. "/" .. debug.getinfo(1, "n").namewhat end, __add = function()
local i = debug.getinfo(1, "n")
return i.name .. "/" .. i.namewhat end, __lt = function()
local i = debug.getinfo(1, "n")
print(i.name, i.namewhat)
return true end, __concat = function()
local i = debug.getinfo(1, "n")
return i.name end, __len = function()
return debug.getinfo(1, "n").name end, __call = function()
local i = debug.getinfo(1, "n")
return tostring(i.name) .. tostring(i.namewhat) end, __close = function()
local i = debug.getinfo(1, "n")
print(i.name, i.namewhat) end, __eq = function()
local i = debug.getinfo(1, "n")
print(i.name, i.namewhat)
return true end, __unm = function()
return debug.getinfo(1, "n").name end, __newindex = function()
local i = debug.getinfo(1, "n")
print(i.name, i.namewhat) end})
print(mt.foo, mt + 1, mt < 2, mt .. "x", #mt, mt(), -mt) mt.x = 1 do local c <close> = mt end
print(mt == setmetatable({}, getmetatable(mt)))
print(mt[1])
for k in (function()
local i = debug.getinfo(1, "n")
print(i.name, i.namewhat) end) do end
local t = {m = function()
return debug.getinfo(1, "n") end} local i = t.m()
print(i.name, i.namewhat) i = t:m()
print(i.name, i.namewhat) function GF()
return debug.getinfo(1, "n") end i = GF()
print(i.name, i.namewhat) i = (GF)()
print(i.name, i.namewhat)
local up = GF local function useup()
return (up()) end i = useup()
print(i.name, i.namewhat)
i = ({GF})[1]()
print(i.name, i.namewhat) i = select(2, pcall(GF))
print(i.name, i.namewhat) 
print(debug.getinfo(1, "n").name, debug.getinfo(1, "S").what, debug.getinfo(1, "S").short_src, debug.getinfo(1,"l").currentline)
local s = load("return debug.getinfo(1, 'S')", "=name")
print(s().source, s().short_src) s = load("return debug.getinfo(1, 'S')", "@file/" .. ("x"):rep(100))
print(s().short_src) s = load("return debug.getinfo(1, 'S')\n", "x = 1\ny = 2")
print(s().short_src) s = load("return debug.getinfo(1, 'S')")
print(s().short_src, s().linedefined, s().lastlinedefined, s().what) s= load("return debug.getinfo(1,'S')", ("long "):rep(30))
print(s().short_src) s= load("return debug.getinfo(1,'S')", "=" .. ("long "):rep(30))
print(s().short_src)
print(load("x =", ""))
print(load("x =", "="))
print(load("x =", "@"))
