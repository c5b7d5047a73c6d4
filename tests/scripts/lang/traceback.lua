-- debug.traceback: header, levels, message values, in coroutines.
local function inner(...) return debug.traceback(...) end
local function clean(s) return (s:gsub("(in main chunk).*$", "%1"):gsub("\n[^\n]*%[C%][^\n]*", ""):gsub("\t", "  ")) end
print(clean(inner("msg")))
-- expect: msg
-- expect: stack traceback:
-- expect:   traceback.lua:2: in local 'inner'
-- expect:   traceback.lua:4: in main chunk
function Global() local r = inner("from global") return r end
local g = Global()
print(clean(g):match("^[^\n]*\n[^\n]*\n[^\n]*"))
-- expect: from global
-- expect: stack traceback:
-- expect:   traceback.lua:2: in upvalue 'inner'
print(clean(g):match("\n[^\n]*in function 'Global'[^\n]*"))
-- expect:
-- expect:   traceback.lua:9: in function 'Global'
print(debug.traceback("only", 100))
-- expect: only
-- expect: stack traceback:
print(debug.traceback(nil) ~= nil, debug.traceback({}) ~= nil, type(debug.traceback({}))) -- expect: true true table
print(debug.traceback(12, 100), type(debug.traceback()))
-- expect: 12
-- expect: stack traceback: string
local co = coroutine.create(function() local x = 1; coroutine.yield(x) end)
coroutine.resume(co)
print(clean(debug.traceback(co)))
-- expect: stack traceback:
-- expect:   traceback.lua:25: in function <traceback.lua:25>
print(clean(debug.traceback(co, "with message")))
-- expect: with message
-- expect: stack traceback:
-- expect:   traceback.lua:25: in function <traceback.lua:25>
print(clean(debug.traceback(co, nil, 1)))
-- expect: stack traceback:
-- expect:   traceback.lua:25: in function <traceback.lua:25>
local bad = coroutine.create(function() local function thrower() error("thrown") end thrower() end)
print(coroutine.resume(bad)) -- expect: false traceback.lua:37: thrown
print(clean(debug.traceback(bad)))
-- expect: stack traceback:
-- expect:   traceback.lua:37: in local 'thrower'
-- expect:   traceback.lua:37: in function <traceback.lua:37>
print(select(2, xpcall(function() error("traced", 0) end, function(m) return (debug.traceback(m, 1):match("^[^\n]*\nstack traceback:")) end)))
-- expect: traced
-- expect: stack traceback:
local function deep(n) if n == 0 then return debug.traceback("deep") end local r = deep(n - 1) return r end
local tb = deep(50)
print(tb:find("\n\t...\t(skipping ", 1, true) ~= nil, select(2, tb:gsub("\n", "\n"))) -- expect: true 23
