-- Keys: floats with integer values are normalised, -0, NaN and nil keys.
local t = {}
t[1] = "int"; t[1.0] = "float"
print(t[1], #t) -- expect: float 1
t[2^53] = "big"
print(t[2^53 | 0]) -- expect: big
for k in pairs({ [3.0] = true }) do print(k, math.type(k)) end -- expect: 3 integer
t[0.0] = "zero"
print(t[-0.0], t[0]) -- expect: zero zero
t[-0.0] = "minus"
print(t[0]) -- expect: minus
t[1.5] = "half"; t["1"] = "string"; t[true] = "yes"
print(t[1.5], t["1"], t[true], t[1]) -- expect: half string yes float
print(pcall(function() t[nil] = 1 end)) -- expect: false integer_keys.lua:14: table index is nil
print(pcall(function() t[0/0] = 1 end)) -- expect: false integer_keys.lua:15: table index is NaN
print(t[nil], t[0/0]) -- expect: nil nil
print(pcall(rawset, t, 0/0, 1)) -- expect: false table index is NaN
t[math.huge] = "inf"; t[-math.huge] = "-inf"
print(t[math.huge], t[-math.huge]) -- expect: inf -inf
t[math.maxinteger] = "max"; t[math.mininteger] = "min"
print(t[math.maxinteger], t[math.mininteger], t[math.maxinteger + 0.0]) -- expect: max min nil
local f, g = function() end, {}
t[f] = "fn"; t[g] = "tbl"; t[print] = "native"
print(t[f], t[g], t[print], t[function() end]) -- expect: fn tbl native nil
t[f] = nil
print(t[f]) -- expect: nil
local n = 0
for _ in pairs(t) do n = n + 1 end
print(n) -- expect: 12
