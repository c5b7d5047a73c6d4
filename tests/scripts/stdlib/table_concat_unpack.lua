-- table.concat, table.pack, table.unpack and their ranges.
print(table.concat({}), table.concat({ 1, 2, 3 }), table.concat({ "a", "b" }, ", "), table.concat({ 1, 2.5, "x" }, "-"))
-- expect:  123 a, b 1-2.5-x
print(table.concat({ 1, 2, 3, 4 }, ",", 2, 3), table.concat({ 1, 2, 3 }, ",", 3), "[" .. table.concat({ 1, 2 }, ",", 3) .. "]", table.concat({ 1, 2, 3 }, ",", 2, 2))
-- expect: 2,3 3 [] 2
print(pcall(table.concat, { 1, 2 }, ",", 1, 3)) -- expect: false invalid value (nil) at index 3 in table for 'concat'
print(pcall(table.concat, { 1, {}, 3 })) -- expect: false invalid value (table) at index 2 in table for 'concat'
print(pcall(table.concat, { true })) -- expect: false invalid value (boolean) at index 1 in table for 'concat'
print(pcall(table.concat, { 1 }, {})) -- expect: false bad argument #2 to 'table.concat' (string expected, got table)
print(table.unpack({ 1, 2, 3 }), table.unpack({ 1, 2 }, 2), (table.unpack({ 5, 6 }))) -- expect: 1 2 5
print(table.unpack({ 1, 2, 3 }, -1, 1), table.unpack({}, 1, 0), select("#", table.unpack({}, 1, 3))) -- expect: nil nil 3
local p = table.pack()
print(p.n, #p) -- expect: 0 0
p = table.pack(nil, nil)
print(p.n, p[1]) -- expect: 2 nil
print(table.unpack({ 1, nil, 3 }, 1, 3), table.unpack("abc" and { n = 1 }, 1, 1)) -- expect: 1 nil
print(table.unpack(setmetatable({}, { __index = function(_, i) return i * 10 end }), 1, 3)) -- expect: 10 20 30
print(table.concat(setmetatable({}, { __index = function(_, i) return "i" .. i end, __len = function() return 3 end }), " "))
-- expect: i1 i2 i3
print(select("#", table.unpack({}, 1, 1000)), pcall(table.unpack, {}, 1, 1e8)) -- expect: 1000 false too many results to unpack
print(pcall(table.unpack, {}, math.mininteger, math.maxinteger)) -- expect: false too many results to unpack
print(table.unpack({ [math.maxinteger] = "top" }, math.maxinteger, math.maxinteger), table.unpack({}, math.maxinteger, math.mininteger))
-- expect: top
print(table.concat({ [math.maxinteger] = "top" }, "", math.maxinteger, math.maxinteger)) -- expect: top
local big = {}
for i = 1, 3000 do big[i] = i end
print(#table.concat(big), #table.concat(big, ", "), select(3000, table.unpack(big))) -- expect: 10893 16891 3000
