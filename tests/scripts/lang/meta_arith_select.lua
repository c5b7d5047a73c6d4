-- Which operand's metamethod is used; results other than tables; errors.
local m1 = { __add = function() return "first" end }
local m2 = { __add = function() return "second" end, __sub = function() return 1, 2, 3 end }
local a, b = setmetatable({}, m1), setmetatable({}, m2)
print(a + b, b + a, a - b, 1 + b, a + 1) -- expect: first second 1 second first
print(select("#", a - b)) -- expect: 1
print(pcall(function() return a * b end))
-- expect: false meta_arith_select.lua:7: attempt to perform arithmetic on a table value (upvalue 'a')
print(pcall(function() return a - {} end))
-- expect: false meta_arith_select.lua:9: attempt to perform arithmetic on a table value (upvalue 'a')
local s = setmetatable({}, { __add = "not callable" })
print(pcall(function() return s + 1 end)) -- expect: false meta_arith_select.lua:12: attempt to call a string value (metamethod 'add')
local c = setmetatable({}, { __add = setmetatable({}, { __call = function(_, x, y) return "called" end }) })
print(c + 1) -- expect: called
local vec = {}
vec.__index = vec
vec.__add = function(p, q) return setmetatable({ x = p.x + q.x }, vec) end
vec.__eq = function(p, q) return p.x == q.x end
vec.__tostring = function(p) return "vec(" .. p.x .. ")" end
local sum = setmetatable({ x = 1 }, vec)
for i = 1, 5 do sum = sum + setmetatable({ x = i }, vec) end
print(tostring(sum)) -- expect: vec(16)
local u = setmetatable({}, { __unm = function(x, y) return rawequal(x, y) end, __len = function(x) return "len" end })
print(-u, #u) -- expect: true len
print(pcall(function() return 1 + setmetatable({}, { __add = function() error("inside", 0) end }) end)) -- expect: false inside
print(pcall(function() return "10" + setmetatable({}, {}) end))
-- expect: false meta_arith_select.lua:26: attempt to add a 'string' with a 'table'
