-- stress: 20
-- Natives that call back into Lua keep their arguments alive meanwhile.
local function junk() local t = {}; for i = 1, 30 do t[i] = { "junk" .. i } end return t end
local list = {}
for i = 1, 60 do list[i] = { (i * 37) % 61 } end
table.sort(list, function(a, b) junk(); return a[1] < b[1] end)
local ok = true
for i = 2, #list do ok = ok and list[i - 1][1] < list[i][1] end
print(ok) -- expect: true
print((("a b c d e"):gsub("%a", function(c) junk(); return c .. c:upper() end))) -- expect: aA bB cC dD eE
local t = setmetatable({}, { __index = function(_, k) junk(); return k .. "!" end })
print((("x y"):gsub("%a", t)), table.concat(setmetatable({}, { __index = function(_, i) junk(); return "e" .. i end, __len = function() junk() return 4 end })))
-- expect: x! y! e1e2e3e4
print(load(function() junk(); if not done then done = true return "return { 'loaded" .. "' }" end end)()[1]) -- expect: loaded
print(pcall(function(...) junk(); return select("#", ...), (...)[1] end, { "arg" }, {}, {})) -- expect: true 3 arg
print(xpcall(function() junk(); error({ "err" }) end, function(e) junk(); return e[1] .. " handled" end)) -- expect: false err handled
local s = setmetatable({}, { __tostring = function() junk(); return "ts" .. #junk() end, __concat = function(a, b) junk(); return "cat" end, __eq = function() junk() return true end })
print(tostring(s), s .. "x", s == setmetatable({}, getmetatable(s)), ("%s|%s"):format(s, s)) -- expect: ts30 cat true ts30|ts30
for w in ("one two"):gmatch("%a+") do junk(); io.write(w, ".") end
print("") -- expect: one.two.
print(table.unpack(setmetatable({}, { __index = function(_, i) junk(); return { i } end }), 1, 3)[1], select(2, next({ junk = junk() }))[30][1])
-- expect: 1 junk30
local moved = table.move(setmetatable({}, { __index = function(_, i) junk(); return { i } end }), 1, 5, 1, {})
print(moved[5][1], #moved) -- expect: 5 5
local r = {}
for i, v in ipairs(setmetatable({}, { __index = function(_, i) junk(); if i < 6 then return { i } end end })) do r[i] = v end
print(r[5][1], coroutine.wrap(function(a) junk(); local b = coroutine.yield({ a[1] }); junk(); return b[1] end)({ "co" })[1]) -- expect: 5 co
