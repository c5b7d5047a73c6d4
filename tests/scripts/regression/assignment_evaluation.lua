-- Mixed targets in one assignment, with calls and locals in between.
local a = { 1, 2, 3 }
local i = 1
i, a[i], a[i + 1] = i + 1, a[i + 1], a[i]
print(i, a[1], a[2]) -- expect: 2 2 1
local function f() a = { "new" } return 1, 2 end
local old = a
a[1], a[2] = f()
print(a[1], old[1], old[2]) -- expect: 1 2 1
local x, y = 1, 2
x, y, x = y, x, 10
print(x == 10 or x == 2, y) -- expect: true 1
local t = { n = 0 }
t.n, t.m = t.n + 1, t.n + 2
print(t.n, t.m) -- expect: 1 2
do
  local p, q = {}, {}
  p.x, q.x, p.y = 1, p.x, q.x
  print(p.x, q.x, p.y) -- expect: 1 nil nil
end
local s = { 1, 2, 3, 4 }
s[1], s[2], s[3], s[4] = s[4], s[3], s[2], s[1]
print(table.concat(s, " ")) -- expect: 4 3 2 1
