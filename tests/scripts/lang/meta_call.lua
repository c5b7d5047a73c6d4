-- __call: arguments, results, chains, tail position, errors.
local t = setmetatable({}, { __call = function(self, ...) return select("#", ...), ... end })
print(t(), t(nil), t(1, 2)) -- expect: 0 1 2 1 2
print((t(1, 2, 3))) -- expect: 3
local chain = setmetatable({}, { __call = setmetatable({}, { __call = function(inner, outer, x) return type(inner), type(outer), x end }) })
print(chain(9)) -- expect: table table 9
local function tail(...) return t(...) end
print(tail("a", "b")) -- expect: 2 a b
print(pcall(t, 1)) -- expect: true 1 1
print(pcall(setmetatable({}, { __call = 5 }))) -- expect: false attempt to call a number value
local notcallable = {}
print(pcall(function() notcallable() end)) -- expect: false meta_call.lua:12: attempt to call a table value (upvalue 'notcallable')
print(pcall(function() notcallable.field() end)) -- expect: false meta_call.lua:13: attempt to call a nil value (field 'field')
print(pcall(function() notcallable:method() end)) -- expect: false meta_call.lua:14: attempt to call a nil value (method 'method')
print(pcall(function() (1)() end)) -- expect: false meta_call.lua:15: attempt to call a number value
print(pcall(function() ("x")() end)) -- expect: false meta_call.lua:16: attempt to call a string value (constant 'x')
local obj = setmetatable({ name = "obj" }, { __index = { go = setmetatable({}, { __call = function(_, self, x) return self.name, x end }) } })
print(obj:go(4)) -- expect: obj 4
print(select(2, pcall(error, setmetatable({}, { __tostring = function() return "e" end }))) ~= nil) -- expect: true
print(coroutine.wrap(function() return t(5) end)()) -- expect: 1 5
