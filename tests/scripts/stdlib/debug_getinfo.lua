-- debug.getinfo: source, lines, names, parameters, active lines.
local function sample(a, b, ...)
  local i = debug.getinfo(1, "nSlu")
  return i
end
local i = sample()
print(i.name, i.namewhat, i.short_src, i.source, i.what, i.linedefined, i.lastlinedefined, i.currentline)
-- expect: sample local debug_getinfo.lua @debug_getinfo.lua Lua 2 5 3
print(i.nparams, i.isvararg, i.nups) -- expect: 2 true 1
local p = debug.getinfo(print)
print(p.what, p.short_src, p.source, p.currentline, p.linedefined, p.func == print)
-- expect: C [C] =[C] -1 -1 true
print(debug.getinfo(1, "l").currentline, debug.getinfo(1, "S").what, debug.getinfo(100)) -- expect: 13 main nil
print(debug.getinfo(sample, "f").func == sample, debug.getinfo(1, "t").istailcall) -- expect: true false
local lines = {}
for l in pairs(debug.getinfo(sample, "L").activelines) do lines[#lines + 1] = l end
table.sort(lines)
print(table.concat(lines, " ")) -- expect: 3 4 5
print(pcall(debug.getinfo, 1, "X")) -- expect: false bad argument #2 to 'debug.getinfo' (invalid option)
print(pcall(debug.getinfo, "x")) -- expect: false bad argument #1 to 'debug.getinfo' (number expected, got string)
local function tail() return debug.getinfo(1, "t").istailcall end
local function caller() return tail() end
print(caller(), (tail())) -- expect: true false
local t = {}
function t.field() return debug.getinfo(1, "n") end
function t:method() return debug.getinfo(1, "n") end
local n1, n2 = t.field(), nil
n2 = t:method()
print(n1.name, n1.namewhat, n2.name, n2.namewhat) -- expect: field field method method
function global_function() local n = debug.getinfo(1, "n"); return n end
local n3 = global_function()
print(n3.name, n3.namewhat) -- expect: global_function global
local co = coroutine.create(function() coroutine.yield() end)
coroutine.resume(co)
print(debug.getinfo(co, 1, "l").currentline, debug.getinfo(co, 0, "S").what, debug.getinfo(co, 5)) -- expect: 33 C nil
