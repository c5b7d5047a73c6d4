-- Varargs: select, table.pack, adjusting, in the middle and in constructors.
local function n(...) return select("#", ...) end
print(n(), n(nil), n(nil, nil), n(1, nil, 3)) -- expect: 0 1 2 3
local function pass(...) return ... end
print(pass(1, 2, 3)) -- expect: 1 2 3
print((pass(1, 2, 3))) -- expect: 1
print(pass(1, 2), pass(3, 4)) -- expect: 1 3 4
print(#{ pass(1, 2, 3), pass(4, 5) }, #{ pass(4, 5), (pass(1, 2, 3)) }) -- expect: 3 2
local function pick(i, ...) return (select(i, ...)) end
print(pick(2, "a", "b", "c"), pick(-1, "a", "b", "c"), select("#", select(2, 1, 2, 3))) -- expect: b c 2
print(pcall(select, 0, 1)) -- expect: false bad argument #1 to 'select' (index out of range)
print(pcall(select, -5, 1)) -- expect: false bad argument #1 to 'select' (index out of range)
local function mixed(a, b, ...) local c, d = ...; return a, b, c, d end
print(mixed(1)) -- expect: 1 nil nil nil
print(mixed(1, 2, 3, 4, 5)) -- expect: 1 2 3 4
local function packed(...) local t = { ... }; return #t, t[1], t[#t] end
print(packed(7, 8, 9)) -- expect: 3 7 9
local t = table.pack(pass(nil, 2, nil))
print(t.n, t[1], t[2], t[3]) -- expect: 3 nil 2 nil
print(table.unpack({ 1, 2, 3 }, 2), table.unpack({ 1, 2, 3 }, 2, 3)) -- expect: 2 2 3
print(table.unpack({}, 1, 3)) -- expect: nil nil nil
local function tail(...) return pass(...) end
print(tail(1, nil, nil)) -- expect: 1 nil nil
print(n(table.unpack({}, 1, 200))) -- expect: 200
local function deep(k, ...) if k == 0 then return n(...) end return deep(k - 1, k, ...) end
print(deep(100)) -- expect: 100
print(load("function f() return ... end"))
-- expect: nil [string "function f() return ... end"]:1: cannot use '...' outside a vararg function near '...'
local chunk = load("local a, b = ...; return b, a, select('#', ...)")
print(chunk(1, 2, 3)) -- expect: 2 1 3
