-- inspect: nested, sorted, cyclic tables, metatables, options, processing.
local inspect = require("inspect")
print(inspect({ 1, 2, 3 }), inspect({}), inspect("str"), inspect('both \' and "'), inspect(nil), inspect(1.5))
print(inspect({ a = 1, b = 2, ["key with space"] = 3, [10] = "ten", [1.5] = true, [true] = "yes" }))
print(inspect({ 1, 2, nested = { x = { y = { z = {} } } }, list = { { 1 }, { 2, { 3 } } } }))
local cyclic = { name = "c" }
cyclic.self = cyclic
cyclic.list = { cyclic, { cyclic } }
print(inspect(cyclic))
local shared = { "shared" }
print(inspect({ shared, shared, k = shared }))
print(inspect(setmetatable({ 1 }, { __index = { a = 1 }, __name = "T" })))
print(inspect({ a = { b = { c = { d = 1 } } } }, { depth = 2 }))
print(inspect({ a = { b = 1 }, "x" }, { newline = "@", indent = ">>" }))
print(inspect({ secret = "hide", shown = { secret = 1, ok = 2 } }, { process = function(item, path) if path[#path] ~= "secret" then return item end end }))
print(inspect({ "\0\1\n\t\r\127", "tab\tquote'", [[back\slash]], "é" }))
print((inspect({ print, coroutine.create(print), function() end }):gsub("%d+", "N")))
print(inspect({ [{ 1, x = {} }] = { 2 } }))
local mixed = {}
for i = 1, 30 do mixed[i] = i; mixed["k" .. i] = { i } end
print(inspect(mixed))
print(inspect({ 1, 2, nil, 4, n = 4 }))
print(inspect({ math.huge, -math.huge, math.maxinteger, 2^53, 0.1, -0.0 }))
print(inspect.inspect({ ["end"] = 1, ["while"] = 2, _ok = 3, ["1bad"] = 4 }))
print(inspect({ mt = setmetatable({}, { __metatable = "locked" }) }))
