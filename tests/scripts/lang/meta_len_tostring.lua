-- __len, __tostring, __name, __metatable, __pairs.
local t = setmetatable({ 1, 2, 3 }, { __len = function() return 42 end, __tostring = function() return "T!" end })
print(#t, rawlen(t), tostring(t), t) -- expect: 42 3 T! T!
print(rawlen("abcd"), pcall(rawlen, 5)) -- expect: 4 false bad argument #1 to 'rawlen' (table or string expected, got number)
print(pcall(tostring, setmetatable({}, { __tostring = function() return 1 end }))) -- expect: true 1
print(tostring(setmetatable({}, { __tostring = function() return "ok" end }))) -- expect: ok
print((tostring(setmetatable({}, { __name = "My.Type" })):gsub("0x%x+", "ADDR"))) -- expect: My.Type: ADDR
print((tostring({}):gsub("0x%x+", "ADDR")), (tostring(print):gsub("0x%x+", "ADDR"))) -- expect: table: ADDR function: ADDR
print((tostring(coroutine.create(print)):gsub("0x%x+", "ADDR"))) -- expect: thread: ADDR
print(tostring(nil), tostring(true), tostring(12), tostring(-0.0), tostring("s")) -- expect: nil true 12 -0.0 s
local locked = setmetatable({}, { __metatable = "locked" })
print(getmetatable(locked), pcall(setmetatable, locked, {})) -- expect: locked false cannot change a protected metatable
print(getmetatable("x").__index == string, getmetatable(1), getmetatable(print)) -- expect: true nil nil
local p = setmetatable({}, { __pairs = function(o) return function(_, k) k = (k or 0) + 1; if k < 4 then return k, k * k end end, o, nil end })
for k, v in pairs(p) do print(k, v) end
-- expect: 1 1
-- expect: 2 4
-- expect: 3 9
print(pcall(setmetatable, 1, {}), pcall(setmetatable, {}, 1))
-- expect: false false bad argument #2 to 'setmetatable' (nil or table expected, got number)
print(pcall(setmetatable, {})) -- expect: false bad argument #2 to 'setmetatable' (nil or table expected, got no value)
print(#setmetatable({}, { __len = function() return "any value" end })) -- expect: any value
print(pcall(function() return #5 end)) -- expect: false meta_len_tostring.lua:23: attempt to get length of a number value
print(pcall(function() return #nil end)) -- expect: false meta_len_tostring.lua:24: attempt to get length of a nil value
print(string.format("%s|%5s", t, t)) -- expect: T!|   T!
print(setmetatable({}, nil) ~= nil, getmetatable({})) -- expect: true nil
