-- table.insert and table.remove: positions, shifting, errors, metamethods.
local t = { 1, 2, 3 }
table.insert(t, 4); table.insert(t, 1, 0); table.insert(t, 3, "x")
print(table.concat(t, ",")) -- expect: 0,1,x,2,3,4
print(table.remove(t), table.remove(t, 1), table.remove(t, 2), table.concat(t, ",")) -- expect: 4 0 x 1,2,3
print(table.remove({}), table.remove({}, 0), #t) -- expect: nil nil 3
t = { "a" }
print(table.remove(t, 1), table.remove(t), #t, t[1]) -- expect: a nil 0 nil
print(pcall(table.insert, { 1, 2 }, 4, "x")) -- expect: false bad argument #2 to 'table.insert' (position out of bounds)
print(pcall(table.insert, { 1, 2 }, 0, "x")) -- expect: false bad argument #2 to 'table.insert' (position out of bounds)
print(pcall(table.insert, { 1, 2 }, "a", "x")) -- expect: false bad argument #2 to 'table.insert' (number expected, got string)
print(pcall(table.insert, { 1, 2 }, 1, 2, 3)) -- expect: false wrong number of arguments to 'insert'
print((select(2, pcall(table.remove, { 1, 2, 3 }, 5)):match("position out of bounds"))) -- expect: position out of bounds
print(table.remove({ 1, 2, 3 }, 4), (pcall(table.remove, { 1, 2, 3 }, -1))) -- expect: nil false
t = { n = 3, [0] = "zero" }
print(table.remove(t, 0), t[0], table.remove(t, #t)) -- expect: zero nil nil
local log = {}
local p = setmetatable({}, {
  __index = function(_, i) log[#log + 1] = "get" .. i; return "v" .. i end,
  __newindex = function(_, i, v) log[#log + 1] = "set" .. i .. "=" .. tostring(v) end,
  __len = function() return 3 end,
})
table.insert(p, 2, "new")
print(table.concat(log, " ")) -- expect: get3 set4=v3 get2 set3=v2 set2=new
log = {}
print(table.remove(p, 1), table.concat(log, " ")) -- expect: v1 get1 get2 set1=v2 get3 set2=v3 set3=nil
local big = {}
for i = 1, 300 do table.insert(big, 1, i) end
for _ = 1, 298 do table.remove(big, 1) end
print(big[1], big[2], #big) -- expect: 2 1 2
