-- string.dump and load of binary chunks: upvalues, stripping, modes.
local function add(a, b) local c = a + b; return c, "add" end
local dumped = string.dump(add)
print(type(dumped), dumped:sub(1, 4) == "\27Lua") -- expect: string true
print(load(dumped, "d", "b")(2, 3)) -- expect: 5 add
print(load(dumped, "d", "t")) -- expect: nil attempt to load a binary chunk (mode is 't')
print(load("return 1", "d", "b")) -- expect: nil attempt to load a text chunk (mode is 'b')
local n = 0
local function counter() n = n + 1; return n end
local c2 = load(string.dump(counter), "c", "b")
print(pcall(c2)) -- expect: false load_binary.lua:9: attempt to perform arithmetic on a table value (upvalue 'n')
local f = load(string.dump(load("local x <const> = 5; local t = { 1, 2, y = 'z' }; return x, t.y, #t, 1.5, -0.0, 1 << 62, nil, true")))
print(f()) -- expect: 5 z 2 1.5 -0.0 4611686018427387904 nil true
local g = load(string.dump(function(...) local a = { ... }; return function() return #a end end))
print(g(1, 2, 3)()) -- expect: 3
local stripped = load(string.dump(function() error("no position") end, true), "s", "b")
print((select(2, pcall(stripped))):match("no position")) -- expect: no position
print(pcall(string.dump, math.floor)) -- expect: false unable to dump given function
print(load("\27Lua garbage", "bad", "b") == nil) -- expect: true
local nested = load(string.dump(function() local r = {} for i = 1, 3 do r[i] = function() return i * 10 end end return r[2]() end))
print(nested()) -- expect: 20
local long = ("long string "):rep(50)
print(load(string.dump(load("return '" .. long .. "'")))() == long) -- expect: true
local viafn, pos = string.dump(add), 0
print(load(function() pos = pos + 1; local b = viafn:sub(pos, pos); return b ~= "" and b or nil end)(10, 20)) -- expect: 30 add
