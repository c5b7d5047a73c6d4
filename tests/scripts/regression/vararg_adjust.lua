-- Varargs and multiple results adjusted in unusual places.
local function f(...) return ... end
local function n(...) return select("#", ...) end
print(n(f(), f(), f()), n(f(), f(1, 2)), n((f())), n(f(nil), nil)) -- expect: 2 3 1 2
local t = { f(1, 2), f(1, 2), [10] = f(7, 8), f(3, 4, 5) }
print(#t, t[3], t[5], t[10]) -- expect: 5 3 5 7
print((f(1, 2, 3)), -f(4, 5), f(6, 7) + f(8, 9), #{ f() }, f("a", "b") .. f("c")) -- expect: 1 -4 14 0 ac
local function g(a, b, ...) return n(...), a, b end
print(g(), g(1), (g(1, 2, 3))) -- expect: 0 0 1
print(g(f(1, 2, 3, 4))) -- expect: 2 1 2
for i, v in ipairs({ f("x", "y") }) do io.write(i, v, " ") end
print(n(table.unpack({ 1, nil, nil }, 1, 3))) -- expect: 1x 2y 3
local function h(...) local a <const>, b = ...; local function inner() return a, b end return inner(...) end
print(h("p", "q", "r")) -- expect: p q
print(pcall(f, 1, nil, 3, nil)) -- expect: true 1 nil 3 nil
local function tailv(...) if n(...) > 3 then return ... end return tailv(0, ...) end
print(tailv(1)) -- expect: 0 0 0 1
if f(false, true) then print("wrong") else print("first value decides") end -- expect: first value decides
print(f(1, 2) == 1, not f(nil, 1), f({ 1 })[1]) -- expect: true true 1
return f(1, 2, 3)
