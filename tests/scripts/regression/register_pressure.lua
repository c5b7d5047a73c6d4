-- Expressions that need many temporaries, nested calls, mixed results.
local function id(...) return ... end
local a, b, c, d = 1, 2, 3, 4
print(a + (b * (c - (d / (a + (b - (c * (d + 1))))))) == 1 + 2 * (3 - 4 / (1 + (2 - 15)))) -- expect: true
print(id(id(id(a), id(b, id(c, d)))), (id(a, b)), #{ id(a, b), id(c, d) }) -- expect: 1 1 3
local t = { f = function(self, ...) return self, ... end, g = { h = { 10, 20 } } }
print(select("#", t:f(id(1, 2), id(3, 4))), t.g.h[#t.g.h] + t.g.h[1], t["g"]["h"][id(2)]) -- expect: 4 30 20
print((a < b and c or d) + (a > b and c or d), (a and b) * (nil or c), not (a and nil)) -- expect: 7 6 true
print(id(a)..id(b)..(id(c)..id(d)), -a ^ b, #t.g.h * 2 ^ #t.g.h) -- expect: 1234 -1.0 8.0
local r = id({ id(a, { id(b, { id(c) }) }) })
print(r[2][2][1], (function(...) local p, q = ..., 1; return p + q end)(41, 0)) -- expect: 3 42
for i = id(1), id(3, 9), id(1) do local v = i * i + id(i); io.write(v, " ") end
print(a + b .. c * d, a .. b + c .. d) -- expect: 2 6 12 312 154
