-- Multiple assignment: values are computed before any is stored; adjusting.
local a, b = 1, 2
a, b = b, a
print(a, b) -- expect: 2 1
local t = { 1, 2, 3 }
local i = 1
i, t[i] = i + 1, 20
print(i, t[1], t[2]) -- expect: 2 20 2
local x, y, z = 1, 2
print(x, y, z) -- expect: 1 2 nil
x, y = 5
print(x, y) -- expect: 5 nil
x, y = 7, 8, 9
print(x, y) -- expect: 7 8
local function two() return "a", "b" end
x, y, z = two()
print(x, y, z) -- expect: a b nil
x, y, z = two(), "c"
print(x, y, z) -- expect: a c nil
x, y, z = 0, two()
print(x, y, z) -- expect: 0 a b
do
  local tt = {}
  tt.a, tt.b, tt.c = 1, 2, 3
  tt.a, tt.b, tt.c = tt.c, tt.a, tt.b
  print(tt.a, tt.b, tt.c) -- expect: 3 1 2
end
do -- the table and the key are those before the assignment
  local p = { n = 1 }
  local old = p
  p, p.n = { n = 100 }, 2
  print(p.n, old.n) -- expect: 100 2
end
do
  local log = {}
  local function k(n) log[#log + 1] = n; return n end
  local tt = {}
  tt[k(1)], tt[k(2)] = k(3), k(4)
  print(table.concat(log, " ")) -- expect: 1 2 3 4
end
a, b, a = 1, 2, 3
print(b) -- expect: 2
