-- debug: every option of getinfo, locals of suspended and dead coroutines, upvalues, names in tracebacks, hooks.
local function show(...) local n = select("#", ...) local o = {} for i = 1, n do local v = select(i, ...) o[i] = (type(v) == "userdata" or type(v)=="function" or type(v)=="table" or type(v)=="thread") and type(v) or type(v)=="string" and string.format("%q", v) or tostring(v) end print(table.concat(o, " ")) end
local function P(f, ...) show(pcall(f, ...)) end
local function info(t) local ks = {} for k in pairs(t) do ks[#ks+1] = k end table.sort(ks) for i, k in ipairs(ks) do local v = t[k] if type(v) == "function" or type(v) == "table" then v = type(v) end ks[i] = k .. "=" .. tostring(v) end return table.concat(ks, " ") end
for _, w in ipairs { "n", "S", "l", "t", "u", "f", "r", "L", "nSltufrL", "x", ">", "", ">f", "nx", "ll" } do
  P(debug.getinfo, 1, w) local ok, t = pcall(debug.getinfo, 1, w) if ok then print(w, info(t)) end
  ok, t = pcall(debug.getinfo, print, w) if ok then print(w, info(t)) else print(w, t) end
  ok, t = pcall(debug.getinfo, info, w) if ok then print(w, info(t)) else print(w, t) end
end
P(debug.getinfo) P(debug.getinfo, "x") P(debug.getinfo, 1, 2, 3) P(debug.getinfo, {}) P(debug.getinfo, -1) P(debug.getinfo, 100) P(debug.getinfo, 1.5) P(debug.getinfo, coroutine.create(print), 0) P(debug.getinfo, coroutine.create(print), 1) P(debug.getinfo, coroutine.create(print), print, "S") P(debug.getinfo, nil) P(debug.getinfo, 0, 5)
local co = coroutine.create(function(a, ...) local b = 2 do local c = 3 coroutine.yield(a) end local d <close> = nil local e <const> = 5 coroutine.yield() error("x") end)
for i = 1, 4 do
  P(coroutine.resume, co, 10, 20, 30)
  for l = -1, 2 do local ok, t = pcall(debug.getinfo, co, l, "nSltur") print(l, ok, ok and t and info(t) or t) 
    for n = -4, l == 0 and 1 or 6 do local ok, a, b = pcall(debug.getlocal, co, l, n) if not ok or a then show(l, n, ok, a, b) end end end
  print(debug.traceback(co)) print(debug.traceback(co, "m", 0)) print(debug.traceback(co, nil, 1)) print(debug.traceback(co, "m", 5)) print(debug.traceback(co, {}) ~= nil)
end
local function f(a, b, ...) local c = a local d <const> = 4 for i = 1, 1 do local e = i
  for n = -3, 15 do local nm, v = debug.getlocal(1, n) if nm then show(n, nm, v) end end end
  for k, v in next, {1} do for n = 1, 15 do local nm, v = debug.getlocal(1, n) if nm then show(n, nm, v) end end end
  show(debug.setlocal(1, 1, "A"), a) show(debug.setlocal(1, -1, "V"), ...) show(debug.setlocal(1, 100, 1)) show(debug.setlocal(1, -100, 1))
end
f(1, 2, 3, 4)
for i = 1, 4 do show(debug.getlocal(f, i)) end P(debug.getlocal, print, 1) P(debug.getlocal, f, -1) P(debug.getlocal, 50, 1) P(debug.getlocal) P(debug.getlocal, 1) P(debug.getlocal, 1, "x") P(debug.setlocal, 50, 1, 2) P(debug.setlocal, 1, 1) P(debug.setlocal, f, 1, 1)
local u1, u2 = 1, 2 local function g() return u1, u2, print end local function h() u2 = u2 return u2 end
for i = -1, 5 do show(debug.getupvalue(g, i)) P(debug.getupvalue, print, i) end P(debug.setupvalue, g, 1, "n") show(u1) P(debug.setupvalue, g, 9, 1) P(debug.setupvalue, print, 1, 1) P(debug.setupvalue, g, 1) P(debug.upvalueid, g, 1) P(debug.upvalueid, g, 9) P(debug.upvalueid, print, 1) P(debug.upvalueid, 5, 1) show(debug.upvalueid(g, 2) == debug.upvalueid(h, 1)) P(debug.upvaluejoin, g, 1, h, 1) show(g()) P(debug.upvaluejoin, g, 9, h, 1) P(debug.upvaluejoin, g, 1, h, 9) P(debug.upvaluejoin, print, 1, h, 1) P(debug.upvaluejoin, g, 1, print, 1) P(debug.upvaluejoin, 5)
P(debug.getuservalue, io.stdout) P(debug.getuservalue, io.stdout, 1) P(debug.getuservalue, io.stdout, 0) P(debug.getuservalue, 5, 1) P(debug.setuservalue, io.stdout, 1) P(debug.setuservalue, io.stdout, 1, 1) P(debug.setuservalue, 5, 1) P(debug.setuservalue) 
P(debug.getmetatable, "") P(debug.getmetatable) P(debug.setmetatable, 5, 5) P(debug.setmetatable, 5) P(debug.setmetatable, 5, nil) P(debug.setmetatable, 5, {__index = {a = 1}}) show((5).a) debug.setmetatable(5, nil) P(debug.getregistry) P(debug.sethook, 5) P(debug.sethook, print) P(debug.sethook, print, 5) P(debug.sethook, print, "x", "y") P(debug.sethook) P(debug.gethook) P(debug.gethook, 5)
P(debug.traceback, "x", "y") P(debug.traceback, 5) P(debug.traceback, nil) P(debug.traceback, "x", 50) P(debug.traceback, co, 5) P(debug.traceback, true) P(debug.traceback, 1.5, 0) P(debug.setcstacklimit, 200) P(debug.setcstacklimit, 200000) P(debug.setcstacklimit)
-- names in tracebacks
local t = { m = function() error(debug.traceback("T", 1), 0) end, ["a b"] = function() error(debug.traceback("T", 1), 0) end, [1] = function() error(debug.traceback("T"), 0) end }
local function wrap(f) local ok, m = pcall(f) print(m) end
wrap(function() t.m() end) wrap(function() t:m() end) wrap(function() t["a b"]() end) wrap(function() t[1]() end) wrap(function() local x = t.m x() end) wrap(function() return t.m() end) wrap(function() u1 = t.m u1() end) wrap(function() gl = t.m gl() end) wrap(function() string.gsub("a", "a", t.m) end) wrap(function() table.sort({1,2,3}, t.m) end)
for _, e in ipairs { "add", "index", "call", "eq", "lt", "le", "concat", "len", "unm", "close", "newindex", "tostring", "gc", "pairs", "bnot", "idiv", "shl" } do
  local o = setmetatable({}, { ["__" .. e] = function() error(debug.traceback(e), 0) end })
  local o2 = setmetatable({}, getmetatable(o))
  wrap(function() return ({ add = function() return o + 1 end, index = function() return o.x end, call = function() o() end, eq = function() return o == o2 end, lt = function() return o < o2 end, le = function() return o <= o2 end, concat = function() return o .. "x" end, len = function() return #o end, unm = function() return -o end, close = function() local c <close> = o end, newindex = function() o.x = 1 end, tostring = function() return tostring(o) end, pairs = function() for k in pairs(o) do end end, bnot = function() return ~o end, idiv = function() return o // 1 end, shl = function() return 1 << o end })[e]() end)
end
for w in (function() print(debug.traceback("iter")) end) do end
local log = {}
-- The objects with `__gc` above are garbage by now. A finalizer that fails makes the reference (5.4.4)
-- report the line it came between once more, so no collection may fall into the logged stretch.
collectgarbage() collectgarbage("stop")
debug.sethook(function(e, l) local i = debug.getinfo(2, "nSlt") log[#log+1] = e .. ":" .. tostring(l) .. ":" .. tostring(i.name) .. ":" .. tostring(i.namewhat) .. ":" .. i.what .. ":" .. tostring(i.currentline) .. ":" .. tostring(i.istailcall) end, "crl")
local function tail() return math.abs(-1) end local x = tail() local y = #"a" for i = 1, 2 do x = x + i end
local _ = (function(...) return ... end)(1) string.rep("a", 2)
debug.sethook() collectgarbage("restart") print(table.concat(log, "\n")) P(debug.gethook)
local cnt = 0 debug.sethook(function(e) cnt = cnt + 1 end, "", 100) for i = 1, 10000 do end debug.sethook() print(cnt > 50)
P(function() debug.sethook(function(e, l) debug.sethook() error("from hook") end, "l")
 local a = 1
 return a end)
debug.sethook()
local c = coroutine.wrap(function() debug.sethook(function(e, l) coroutine.yield(l) end, "l")
 local a = 1
 return 2 end) P(c) P(c)
