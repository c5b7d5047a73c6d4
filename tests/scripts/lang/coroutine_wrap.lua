-- coroutine.wrap: iterators, errors with position, dead wraps.
local gen = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end)
print(gen(), gen(), gen(), gen()) -- expect: 1 2 3
print(pcall(gen)) -- expect: false cannot resume dead coroutine
for v in coroutine.wrap(function() for _, x in ipairs({ "a", "b" }) do coroutine.yield(x) end end) do print(v) end
-- expect: a
-- expect: b
local w = coroutine.wrap(function() error("inside") end)
print(pcall(w)) -- expect: false coroutine_wrap.lua:8: inside
local w2 = coroutine.wrap(function() error({ tag = "obj" }) end)
local ok, e = pcall(w2)
print(ok, e.tag) -- expect: false obj
local w3 = coroutine.wrap(function(...) local n = select("#", ...); while true do n = n + select("#", coroutine.yield(n)) end end)
print(w3(1, 2), w3(), w3(1, nil, nil)) -- expect: 2 2 5
local function walk(t) if type(t) == "table" then for _, v in ipairs(t) do walk(v) end else coroutine.yield(t) end end
local out = {}
for leaf in coroutine.wrap(function() walk({ 1, { 2, { 3, 4 }, 5 }, { { 6 } } }) end) do out[#out + 1] = leaf end
print(table.concat(out, " ")) -- expect: 1 2 3 4 5 6
local fib = coroutine.wrap(function() local a, b = 0, 1; while true do coroutine.yield(a); a, b = b, a + b end end)
for _ = 1, 9 do fib() end
print(fib()) -- expect: 34
print(type(w), pcall(coroutine.wrap, 1)) -- expect: function false bad argument #1 to 'coroutine.wrap' (function expected, got number)
