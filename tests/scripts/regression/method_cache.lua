-- Field access sites that see tables of changing shape stay correct.
local function get(o) return o.v end
local function set(o, x) o.v = x end
local shapes = { { v = 1 }, { a = 0, v = 2 }, { a = 0, b = 0, v = 3 }, setmetatable({}, { __index = { v = 4 } }), setmetatable({ v = nil }, { __index = function() return 5 end }), {} }
local out = {}
for r = 1, 3 do for i, o in ipairs(shapes) do out[#out + 1] = tostring(get(o)) end end
print(table.concat(out, " ")) -- expect: 1 2 3 4 5 nil 1 2 3 4 5 nil 1 2 3 4 5 nil
for _, o in ipairs(shapes) do set(o, 9) end
out = {}
for _, o in ipairs(shapes) do out[#out + 1] = tostring(get(o)) .. tostring(rawget(o, "v")) end
print(table.concat(out, " ")) -- expect: 99 99 99 99 99 99
local o = { v = 1 }
for i = 1, 5 do o["x" .. i] = i; if get(o) ~= 1 then print("wrong") end end
o.v = nil
print(get(o), next(o) ~= nil) -- expect: nil true
setmetatable(o, { __index = { v = "inherited" } })
print(get(o)) -- expect: inherited
getmetatable(o).__index.v = "changed"
print(get(o)) -- expect: changed
o.v = "own"
print(get(o)); o.v = nil; print(get(o))
-- expect: own
-- expect: changed
getmetatable(o).__index = nil
print(get(o)) -- expect: nil
local class = { m = function() return "old" end }
class.__index = class
local inst = setmetatable({}, class)
local function call(x) return x:m() end
print(call(inst)); class.m = function() return "new" end; print(call(inst))
-- expect: old
-- expect: new
inst.m = function() return "instance" end
print(call(inst)); inst.m = nil; print(call(inst))
-- expect: instance
-- expect: new
local keys = {}
for i = 1, 300 do local t = { ["f" .. i] = i, v = i }; keys[i] = get(t) end
print(keys[1], keys[300]) -- expect: 1 300
