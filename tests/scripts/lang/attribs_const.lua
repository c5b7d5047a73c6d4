-- <const>: compile-time constants, captured and folded.
local A <const> = 10
local B <const> = A * 2
local S <const> = "str"
local N <const> = nil
local T <const> = { 1 }
print(A, B, S, N, T[1]) -- expect: 10 20 str nil 1
T[1] = 5
print(T[1]) -- expect: 5
local function f() return A + B, S .. "!" end
print(f()) -- expect: 30 str!
local F <const> = 1.5
print(F * 2, -A, A // 3, A == 10, not N) -- expect: 3.0 -10 3 true true
for i = 1, 2 do local c <const> = i * A; print(c) end
-- expect: 10
-- expect: 20
print(load("local a <const> = 1; a = a + 1"))
-- expect: nil [string "local a <const> = 1; a = a + 1"]:1: attempt to assign to const variable 'a'
print(load("local a <const> = 1; local function f() a = 2 end"))
-- expect: nil [string "local a <const> = 1; local function f() a = 2..."]:1: attempt to assign to const variable 'a'
print(load("local a <const> = 1; local a = 2; a = 3; return a")()) -- expect: 3
print(load("for i = 1, 2 do local k <const> = i; k = 5 end"))
-- expect: nil [string "for i = 1, 2 do local k <const> = i; k = 5 en..."]:1: attempt to assign to const variable 'k'
print(load("local x <unknown> = 1")) -- expect: nil [string "local x <unknown> = 1"]:1: unknown attribute 'unknown'
print(load("local x < const > = 3 return x")()) -- expect: 3
local t = {}
t[S], t[A] = 1, 2
print(t.str, t[10]) -- expect: 1 2
