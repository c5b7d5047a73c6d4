-- load: strings, functions, modes, environments, names, errors from readers.
print(load("return 1 + 1")()) -- expect: 2
print(load("syntax error here")) -- expect: nil [string "syntax error here"]:1: syntax error near 'error'
local parts = { "return ", "1", "0", " + 5", nil }
local i = 0
print(load(function() i = i + 1; return parts[i] end)()) -- expect: 15
i = 0
print(load(function() i = i + 1; if i == 1 then return "return 'x'" end return "" end)()) -- expect: x
print(type(load(function() return nil end))) -- expect: function
print(pcall(load, function() return {} end)) -- expect: true nil reader function must return a string
print(pcall(load, function() error("reader failed", 0) end)) -- expect: true nil reader failed
print(load("return x", "name", "t", { x = "from env" })()) -- expect: from env
print(load("return 1", "name", "b")) -- expect: nil attempt to load a text chunk (mode is 'b')
print(load("x = ", "=named")) -- expect: nil named:1: unexpected symbol near <eof>
print(load("x = ", "@file.lua")) -- expect: nil file.lua:1: unexpected symbol near <eof>
print(load("\nx = \n\n= 3", "multi\nline")) -- expect: nil [string "multi..."]:4: unexpected symbol near '='
print(type(load("")), load("   -- only a comment") ~= nil) -- expect: function true
local f = load("local a = ...; return a, select('#', ...)")
print(f(), f(1, 2)) -- expect: nil 1 2
print(pcall(load("error('from chunk')", "=chunk"))) -- expect: false chunk:1: from chunk
print(pcall(load("local x = nil; x.y = 1", "@chunk.lua"))) -- expect: false chunk.lua:1: attempt to index a nil value (local 'x')
print(load("return _ENV", "n", "t", 42)()) -- expect: 42
print(load("a = 5; return a", "n", "t", setmetatable({}, { __newindex = function(t, k, v) rawset(t, k, v * 2) end }))()) -- expect: 10
print(load("return ...", "va")(7, 8)) -- expect: 7 8
print(dofile == nil, loadfile == nil, loadstring == nil, unpack == nil, setfenv == nil) -- expect: false false true true true
