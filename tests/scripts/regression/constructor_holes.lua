-- A list with nils in it has its border behind its last value.
local function list(...) return ... end
local t = { list(nil, "", 1) } print(#t, select("#", table.unpack(t)))
local t = { "class", list(nil, "", 1) } print(#t, t[1], t[2], t[3], t[4])
local t = { nil, nil, 3 } print(#t)
local t = { x = 1, nil, 2, nil, 4, y = 2 } print(#t, t[2], t[4], t.y)
local t = table.pack(nil, nil, 3) print(#t, t.n)
local t = table.pack(nil) print(#t, t.n)
local t = { list() } print(#t)
local t = { nil, nil } print(#t, next(t))
local function args(...) return { ... } end
print(#args(nil, 2), #args(1, nil, 3), #args(nil, nil, nil, 4), #args(nil))
local t = args(nil, "a", nil, "b")
local keys = {}
for k in pairs(t) do keys[#keys + 1] = k end
print(table.concat(keys, " "))
-- longer than one list instruction takes
local t = { 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33,34,35,36,37,38,39,40,41,42,43,44,45,46,47,48,49,nil,51,52,nil,54 }
print(#t)
-- expect: 3 3
-- expect: 4 class nil  1
-- expect: 3
-- expect: 4 2 4 2
-- expect: 3 3
-- expect: 0 1
-- expect: 0
-- expect: 0 nil
-- expect: 2 3 4 0
-- expect: 2 4
-- expect: 54
