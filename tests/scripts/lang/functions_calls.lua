-- Calls: missing and extra arguments, method calls, string and table sugar.
local function f(a, b) return a, b end
print(f(1), f(1, 2, 3)) -- expect: 1 1 2
print(f()) -- expect: nil nil
local t = { name = "t" }
function t.plain(x) return x end
function t:method(x) return self.name, x end
print(t.plain(1), t:method(2)) -- expect: 1 t 2
print(t.method({ name = "other" }, 3)) -- expect: other 3
local function arg1(x) return type(x) end
print(arg1 "s", arg1 { 1 }, arg1 [[long]])
-- expect: string table string
print(("x"):rep(3), ("%d"):format(5), #("abc"):upper()) -- expect: xxx 5 3
t.a = { b = { c = function(...) return select("#", ...) end } }
function t.a.b:m() return self == t.a.b end
print(t.a.b.c(1, 2), t.a.b:m()) -- expect: 2 true
local function chain() return function() return function(x) return x * 2 end end end
print(chain()()(21)) -- expect: 42
print((function(...) return select("#", ...) end)(nil, nil)) -- expect: 2
local r = { f(1, 2), f(3, 4), (f(5, 6)) }
print(#r, r[1], r[2], r[3]) -- expect: 3 1 3 5
local s = "method on literal"
print(s:sub(1, 6):upper():lower()) -- expect: method
print(type(f) == "function", f == f, f == function() end) -- expect: true true false
print(not f(false), -f(3)) -- expect: true -3
