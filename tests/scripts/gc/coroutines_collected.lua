-- stress: 200
-- Suspended coroutines keep their values, unreachable ones go.
local kept = {}
for i = 1, 200 do
  local co = coroutine.wrap(function(a) local t = { a }; local s = "local" .. a; while true do coroutine.yield(t[1] .. s); t = { t[1] + 1 } end end)
  co(i)
  if i % 20 == 0 then kept[#kept + 1] = co end
end
collectgarbage()
local out = {}
for i, co in ipairs(kept) do out[i] = co() end
print(table.concat(out, " "))
-- expect: 21local20 41local40 61local60 81local80 101local100 121local120 141local140 161local160 181local180 201local200
collectgarbage()
print(kept[1](), kept[10]()) -- expect: 22local20 202local200
local function deep(n, t) if n == 0 then coroutine.yield(t) return t[1] end local r = deep(n - 1, { t[1] + 1 }) return r end
local co = coroutine.create(deep)
print(select(2, coroutine.resume(co, 100, { 0 }))[1]) -- expect: 100
collectgarbage()
print(coroutine.resume(co)) -- expect: true 100
-- open upvalues shared between a suspended coroutine and the outside
local get, set
local holder = coroutine.wrap(function() local shared = { "initial" }; get = function() return shared[1] end; set = function(v) shared = { v } end; coroutine.yield(); return shared[1] end)
holder()
collectgarbage()
print(get()); set("changed") -- expect: initial
collectgarbage()
print(get(), holder(), get()) -- expect: changed changed changed
