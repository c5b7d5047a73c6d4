-- Locals: shadowing, uninitialised locals, multiple declarations.
local a, b, c = 1, 2
print(a, b, c) -- expect: 1 2 nil
local a = a + 10
print(a) -- expect: 11
do local a = a * 2; print(a) end -- expect: 22
print(a) -- expect: 11
local x <const>, y = 5, 6
print(x, y) -- expect: 5 6
local function f() return 1, 2, 3 end
local p, q, r, s = f()
print(p, q, r, s) -- expect: 1 2 3 nil
local p2, q2 = f(), 10
print(p2, q2) -- expect: 1 10
local l, m, n = 0, f()
print(l, m, n) -- expect: 0 1 2
local one = (f())
print(one) -- expect: 1
local function rec(n) if n == 0 then return "base" end return rec(n - 1) end
print(rec(5)) -- expect: base
local notrec = function() return type(notrec) end
print(notrec()) -- expect: nil
local z = z
print(z) -- expect: nil
print(load("local x <const> = 1; x = 2")) -- expect: nil [string "local x <const> = 1; x = 2"]:1: attempt to assign to const variable 'x'
print(load("local x <foo> = 1")) -- expect: nil [string "local x <foo> = 1"]:1: unknown attribute 'foo'
print(load("local function f() local y <const> = 1; return function() y = 3 end end"))
-- expect: nil [string "local function f() local y <const> = 1; retur..."]:1: attempt to assign to const variable 'y'
print(load("local x <close>, y <close> = 1, 2"))
-- expect: nil [string "local x <close>, y <close> = 1, 2"]:1: multiple to-be-closed variables in local list
