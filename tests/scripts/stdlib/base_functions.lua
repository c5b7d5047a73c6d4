-- Base functions: type, rawequal, rawlen, rawget, select, ipairs, next, pairs.
print(type(nil), type(1), type("s"), type({}), type(print), type(true), type(coroutine.create(print)), type(io.stdout))
-- expect: nil number string table function boolean thread userdata
print(rawequal("a", "a"), rawequal({}, {}), rawequal(1, 1.0), rawlen({ 1, 2 }), rawlen("abc")) -- expect: true false true 2 3
print(rawget({ 5 }, 1), rawset({}, "k", "v").k, rawget(setmetatable({}, { __index = { x = 1 } }), "x")) -- expect: 5 v nil
print(select("#"), select("#", nil), select(2, "a", "b", "c"), select(-2, "a", "b", "c")) -- expect: 0 1 b b c
print(_VERSION, type(_G), _G._G == _G, _G.print == print) -- expect: Lua 5.4 table true true
for i, v in ipairs({ 1, 2, nil, 4 }) do io.write(i, "=", v, " ") end
print("") -- expect: 1=1 2=2 
for i, v in ipairs(setmetatable({}, { __index = function(_, i) if i <= 3 then return i * i end end })) do io.write(i, "=", v, " ") end
print("") -- expect: 1=1 2=4 3=9 
print(pairs({}) == next, select("#", pairs({})), select("#", ipairs({})), ipairs({}) == ipairs({})) -- expect: true 3 3 true
print(pcall(setmetatable, {}, {}, 1), getmetatable({}), getmetatable("").__name) -- expect: true nil nil
local t = setmetatable({}, { __index = table })
t:insert("a"); t:insert("b")
print(t:concat("+"), #t) -- expect: a+b 2
print(tostring(print):match("^builtin") or tostring(print):match("^function"), tostring({}):match("^table: 0x") ~= nil)
-- expect: function true
print(#arg, arg[0] ~= nil, ... == nil) -- expect: 0 true true
warn("@off"); warn("not shown"); warn("@unknown control")
print(pcall(warn), pcall(warn, {})) -- expect: false false bad argument #1 to 'warn' (string expected, got table)
print(collectgarbage("count") > 0, math.type(collectgarbage("count"))) -- expect: true float
local names = {}
for k in pairs(_G) do if type(k) == "string" then names[#names + 1] = k end end
local must = { "assert", "collectgarbage", "coroutine", "debug", "dofile", "error", "getmetatable", "io", "ipairs", "load", "loadfile", "math", "next", "os", "package", "pairs", "pcall", "print", "rawequal", "rawget", "rawlen", "rawset", "require", "select", "setmetatable", "string", "table", "tonumber", "tostring", "type", "utf8", "warn", "xpcall" }
local missing = {}
for _, k in ipairs(must) do if _G[k] == nil then missing[#missing + 1] = k end end
print(#missing, table.concat(missing, " ")) -- expect: 0 
