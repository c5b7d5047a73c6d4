-- __eq, __lt, __le: when they are called and how results are converted.
local log = {}
local mt = {
  __eq = function(a, b) log[#log + 1] = "eq"; return a.n == b.n end,
  __lt = function(a, b) log[#log + 1] = "lt"; return (type(a) == "table" and a.n or a) < (type(b) == "table" and b.n or b) end,
  __le = function(a, b) log[#log + 1] = "le"; return (type(a) == "table" and a.n or a) <= (type(b) == "table" and b.n or b) end,
}
local function v(n) return setmetatable({ n = n }, mt) end
local a, b, c = v(1), v(2), v(1)
print(a == c, a ~= c, a == b, a ~= b) -- expect: true false false true
print(a < b, a > b, a <= c, a >= b) -- expect: true false true false
print(a < 5, 5 < a, a <= 1, 1 >= a) -- expect: true false true true
print(table.concat(log, " ")) -- expect: eq eq eq eq lt lt le le lt lt le le
log = {}
print(a == a, a == 1, a == "x", a == nil, #log) -- expect: true false false false 0
print(rawequal(a, c), rawequal(a, a)) -- expect: false true
local t = setmetatable({}, { __eq = function() return 1 end, __lt = function() return nil end, __le = function() return "yes" end })
local u = setmetatable({}, getmetatable(t))
print(t == u, t < u, t <= u, t ~= u) -- expect: true false true false
print(pcall(function() return t < {} end)) -- expect: true false
print(pcall(function() return {} < {} end)) -- expect: false meta_compare.lua:21: attempt to compare two table values
local different = setmetatable({}, { __eq = function() return true end })
print(different == t, t == different, different == {}) -- expect: true true true
local list = { v(3), v(1), v(2) }
table.sort(list)
print(list[1].n, list[2].n, list[3].n) -- expect: 1 2 3
