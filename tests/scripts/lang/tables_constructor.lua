-- Table constructors: mixed forms, trailing separators, multiple results.
local function three() return 1, 2, 3 end
local t = { 10, x = "x", 20, ["y z"] = "yz", [100] = "hundred", 30; 40, }
print(#t, t[1], t[4], t.x, t["y z"], t[100]) -- expect: 4 10 40 x yz hundred
print(#{ three() }, #{ three(), three() }, #{ three(), nil }, #{ (three()) }) -- expect: 3 4 1 1
print(#{ three(), x = 1 }, ({ [1] = "a", "b" })[1]) -- expect: 1 b
local n = { nested = { deep = { 1, 2, { k = "v" } } } }
print(n.nested.deep[3].k) -- expect: v
local i = 0
local function k() i = i + 1; return i end
local o = { [k()] = k(), [k()] = k() }
print(o[1], o[3], i) -- expect: 2 4 4
local fns = { function() return "a" end, f = function(x) return x end }
print(fns[1](), fns.f("b")) -- expect: a b
local big = {}
for j = 1, 200 do big[j] = "v" .. j end
local src = "return {" .. table.concat((function() local r = {} for j = 1, 300 do r[j] = tostring(j) end return r end)(), ",") .. "}"
local list = load(src)()
print(#list, list[1], list[51], list[300]) -- expect: 300 1 51 300
local e = {}
print(next(e), #e, next({}, nil)) -- expect: nil 0 nil
local keyed = { ["end"] = 1, ["while"] = 2, [ [[long]] ] = 3, [1 + 1] = 4, [-1] = 5 }
print(keyed["end"], keyed["while"], keyed.long, keyed[2], keyed[-1]) -- expect: 1 2 3 4 5
print(#{ nil, nil, 3 }, #{ n = 1 }) -- expect: 3 0
local a, b = { 1 }, { 1 }
print(a == b, a[1] == b[1]) -- expect: false true
