-- Method calls on tables, strings, results and with varargs.
local acc = { n = 0 }
function acc:add(...) for i = 1, select("#", ...) do self.n = self.n + (select(i, ...)) end return self end
print(acc:add(1):add(2, 3):add().n) -- expect: 6
local s = "a,b;c"
print(s:gsub("[,;]", "."):upper(), #s:sub(2), s:find(";", 1, true)) -- expect: A.B.C 4 4 4
local obj = {}
function obj.make(n) return setmetatable({ v = n }, { __index = obj }) end
function obj:get() return self.v end
function obj:set(v) self.v = v return self end
print(obj.make(3):get(), obj.make(4):set(5):get()) -- expect: 3 5
local name = "dynamic"
obj[name] = function(self, x) return x, self.v end
print(obj.make(1)[name](obj.make(2), "x")) -- expect: x 2
local mixin = { hello = function(self) return "hello " .. self.name end }
local inst = setmetatable({ name = "inst" }, { __index = function(t, k) return mixin[k] end })
print(inst:hello()) -- expect: hello inst
print(pcall(function() return inst:missing() end)) -- expect: false method_calls.lua:18: attempt to call a nil value (method 'missing')
print(("%s=%d"):format("k", 3), ("x"):rep(3, "-")) -- expect: k=3 x-x-x
local t = { f = function(...) return select("#", ...) end }
print(t:f(), t.f(), t:f(nil), t:f(t.f())) -- expect: 1 0 2 2
local long = {}
for i = 1, 300 do long["method" .. i] = function(self, x) return i + x end end
print(long:method1(1), long:method150(1), long:method300(1)) -- expect: 2 151 301
function obj.nested() return { deep = { call = function(self, a, b) return a + b end } } end
print(obj.nested().deep:call(2, 3)) -- expect: 5
