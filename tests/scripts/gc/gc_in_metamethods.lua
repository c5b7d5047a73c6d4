-- stress: 10
-- Collections inside metamethods, __close and error handling keep operands.
local mt = {}
mt.__add = function(a, b) collectgarbage("step"); local t = { {}, {} }; return setmetatable({ v = a.v + b.v }, mt) end
mt.__index = function(t, k) local x = { k }; return x[1] .. "?" end
mt.__lt = function(a, b) local x = { {}, {} }; return a.v < b.v end
mt.__call = function(self, ...) local x = { ... }; return x[#x], self.v end
mt.__close = function(o, e) local x = { {} }; o.closed = { tostring(e) } end
local function v(n) return setmetatable({ v = n }, mt) end
local sum = v(0)
for i = 1, 50 do sum = sum + v(i) + v(i) end
print(sum.v, sum.name, sum < v(10000), sum({}, {}, "last")) -- expect: 2550 name? true last 2550
local o = v(1)
local ok, e = pcall(function() local c <close> = o; local t = {}; for i = 1, 20 do t[i] = { i } end error({ msg = "E" .. #t }) end)
print(ok, e.msg, o.closed[1]:match("^table")) -- expect: false E20 table
local function nest(n) local c <close> = v(n); if n == 0 then return { "bottom" } end local r = nest(n - 1); r[#r + 1] = { n }; return r end
print(#nest(30)) -- expect: 31
local concat = setmetatable({}, { __concat = function(a, b) local t = { a, b }; return setmetatable({ s = (type(a) == "table" and (a.s or "") or a) .. (type(b) == "table" and (b.s or "") or b) }, getmetatable(type(a) == "table" and a or b)) end })
local c = concat
for i = 1, 30 do c = c .. i end
print(#c.s, ("x" .. c .. "y").s:sub(1, 5)) -- expect: 51 x1234
