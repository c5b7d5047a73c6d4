-- table.move: overlap both ways, other tables, metamethods, errors.
local function show(t) return table.concat(t, ",") end
print(show(table.move({ 1, 2, 3, 4, 5 }, 2, 4, 1)), show(table.move({ 1, 2, 3, 4, 5 }, 1, 3, 3))) -- expect: 2,3,4,4,5 1,2,1,2,3
print(show(table.move({ 1, 2, 3 }, 1, 3, 1)), show(table.move({ 1, 2, 3 }, 1, 0, 5))) -- expect: 1,2,3 1,2,3
local dest = { "a", "b", "c" }
print(table.move({ 1, 2 }, 1, 2, 2, dest) == dest, show(dest)) -- expect: true a,1,2
print(show(table.move({ 1, 2, 3 }, 2, 3, 1, {}))) -- expect: 2,3
local log = {}
local p = setmetatable({}, { __index = function(_, k) log[#log + 1] = "g" .. k return k end, __newindex = function(_, k, v) log[#log + 1] = "s" .. k end })
table.move(p, 1, 3, 2)
print(table.concat(log, " ")) -- expect: g3 s4 g2 s3 g1 s2
print(pcall(table.move, {}, 1, math.maxinteger, 2)) -- expect: false bad argument #4 to 'table.move' (destination wrap around)
print(pcall(table.move, {}, -1, math.maxinteger, 2)) -- expect: false bad argument #3 to 'table.move' (too many elements to move)
print(pcall(table.move, {}, 1, 2)) -- expect: false bad argument #4 to 'table.move' (number expected, got no value)
print(pcall(table.move, 1, 1, 2, 3)) -- expect: false bad argument #1 to 'table.move' (table expected, got number)
print(pcall(table.move, {}, 1, 2, 3, 4)) -- expect: false bad argument #5 to 'table.move' (table expected, got number)
local t = table.move({ [math.maxinteger] = "m" }, math.maxinteger, math.maxinteger, 1, {})
print(t[1], #table.move({ nil, 2 }, 1, 2, 1, {})) -- expect: m 0
local big = {}
for i = 1, 2000 do big[i] = i end
table.move(big, 1, 2000, 1001)
print(#big, big[1000], big[1001], big[3000]) -- expect: 3000 1000 1 2000
table.move(big, 1001, 3000, 1)
print(big[1], big[2000], big[2001]) -- expect: 1 2000 1001
