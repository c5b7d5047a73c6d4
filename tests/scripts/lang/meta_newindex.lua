-- __newindex: functions, tables, rawset, existing keys, chains.
local log = {}
local t = setmetatable({ old = 1 }, { __newindex = function(t, k, v) log[#log + 1] = k .. "=" .. tostring(v); rawset(t, k, v) end })
t.new = 5
t.new = 6
t.old = 2
print(table.concat(log, " "), t.new, t.old) -- expect: new=5 6 2
t.new = nil
t.new = 7
print(table.concat(log, " ")) -- expect: new=5 new=7
local store = {}
local proxy = setmetatable({}, { __newindex = store, __index = store })
proxy.x = 10
print(rawget(proxy, "x"), store.x, proxy.x) -- expect: nil 10 10
local readonly = setmetatable({}, { __newindex = function(_, k) error("cannot set " .. k, 2) end })
print(pcall(function() readonly.field = 1 end)) -- expect: false meta_newindex.lua:16: cannot set field
local a, b = {}, {}
setmetatable(a, { __newindex = setmetatable(b, { __newindex = function(_, k, v) store[k] = v * 2 end }) })
a.z = 21
print(rawget(a, "z"), rawget(b, "z"), store.z) -- expect: nil nil 42
proxy[1], proxy[2] = "a", "b"
print(#proxy, #store, store[2]) -- expect: 0 2 b
local arr = setmetatable({}, { __newindex = function(t, i, v) rawset(t, i, v * 10) end })
for i = 1, 3 do arr[i] = i end
print(arr[1], arr[2], arr[3]) -- expect: 10 20 30
local loop = {}
setmetatable(loop, { __newindex = loop })
print(pcall(function() loop.x = 1 end)) -- expect: false meta_newindex.lua:28: '__newindex' chain too long; possible loop
print(pcall(rawset, t, nil, 1)) -- expect: false table index is nil
