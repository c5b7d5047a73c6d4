-- table.sort: order, comparators, stability not promised, errors.
local function sorted(t, f) table.sort(t, f); return table.concat(t, " ") end
print(sorted({ 3, 1, 2 }), sorted({ "b", "a", "C" }), sorted({}), sorted({ 1 }), sorted({ 2, 1 })) -- expect: 1 2 3 C a b  1 1 2
print(sorted({ 5, 2, 8, 1, 9, 3 }, function(a, b) return a > b end)) -- expect: 9 8 5 3 2 1
print(sorted({ 1.5, 1, 2, -1, 0.5 }), sorted({ "10", "9", "1" })) -- expect: -1 0.5 1 1.5 2 1 10 9
local words = { "banana", "fig", "apple", "kiwi" }
print(sorted(words, function(a, b) if #a ~= #b then return #a < #b end return a < b end)) -- expect: fig kiwi apple banana
local t = {}
for i = 1, 500 do t[i] = (i * 7919) % 503 end
table.sort(t)
local ok = true
for i = 2, #t do ok = ok and t[i - 1] <= t[i] end
print(ok, t[1], t[500]) -- expect: true 1 502
for i = 1, 500 do t[i] = 1 end
table.sort(t)
print(#t, t[250]) -- expect: 500 1
for i = 1, 500 do t[i] = 500 - i end
table.sort(t, function(a, b) return a < b end)
print(t[1], t[500]) -- expect: 0 499
print(pcall(table.sort, { 1, "x", 2 })) -- expect: false attempt to compare string with number
print(pcall(table.sort, { {}, {} })) -- expect: false attempt to compare two table values
print(pcall(table.sort, { 3, 2, 1 }, function() error("cmp", 0) end)) -- expect: false cmp
print(pcall(table.sort, { 1, 2, nil, 4 })) -- expect: false attempt to compare nil with number
print(pcall(table.sort, { 1, 2, 3 }, "notfn")) -- expect: false bad argument #2 to 'table.sort' (function expected, got string)
print(pcall(table.sort, setmetatable({}, { __len = function() return math.maxinteger end })))
-- expect: false bad argument #1 to 'table.sort' (array too big)
local proxy = { 3, 1, 2 }
local p = setmetatable({}, { __index = proxy, __newindex = function(_, k, v) proxy[k] = v end, __len = function() return 3 end })
table.sort(p)
print(table.concat(proxy, " ")) -- expect: 1 2 3
local recs = {}
for i = 1, 50 do recs[i] = { k = i % 5, id = i } end
table.sort(recs, function(a, b) if a.k ~= b.k then return a.k < b.k end return a.id < b.id end)
print(recs[1].id, recs[11].id, recs[50].id) -- expect: 5 1 49
print(pcall(table.sort, { 1, 2, 3, 4, 5 }, function() return true end)) -- expect: false invalid order function for sorting
