-- __index: functions, tables, chains, rawget, on strings.
local base = { greet = function() return "hi" end, n = 1 }
local mid = setmetatable({ m = 2 }, { __index = base })
local obj = setmetatable({ own = 3 }, { __index = mid })
print(obj.own, obj.m, obj.n, obj.greet(), obj.none) -- expect: 3 2 1 hi nil
print(rawget(obj, "m"), rawget(obj, "own")) -- expect: nil 3
local log = {}
local fn = setmetatable({}, { __index = function(t, k) log[#log + 1] = tostring(k); return k .. "!" end })
print(fn.a, fn[1], fn["b c"], table.concat(log, ",")) -- expect: a! 1! b c! a,1,b c
fn.a = "set"
print(fn.a) -- expect: set
print(#"x", ("abc").len == string.len, ("abc").nothing) -- expect: 1 true nil
print(pcall(function() return ("abc").x.y end)) -- expect: false meta_index.lua:13: attempt to index a nil value (field 'x')
local t = setmetatable({}, { __index = { [1] = "one", [2] = "two" } })
print(t[1], t[2], #t) -- expect: one two 0
for i, v in ipairs(t) do print(i, v) end
-- expect: 1 one
-- expect: 2 two
local counter = setmetatable({}, { __index = function(t, k) local v = k * 2; rawset(t, k, v); return v end })
print(counter[5], rawget(counter, 5)) -- expect: 10 10
local p = setmetatable({}, { __index = setmetatable({}, { __index = function(_, k) return "deep " .. k end }) })
print(p.key) -- expect: deep key
print(pcall(function() local x = nil; return x.field end)) -- expect: false meta_index.lua:23: attempt to index a nil value (local 'x')
local loop = {}
setmetatable(loop, { __index = loop })
print(pcall(function() return loop.x end)) -- expect: false meta_index.lua:26: '__index' chain too long; possible loop
