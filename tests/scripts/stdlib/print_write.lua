-- print uses __tostring and __name and separates by tabs; write does not convert.
local captured = io.popen("printf 'a\\tb'"):read("a")
local t = { captured:byte(1, -1) }
print(table.concat(t, " ")) -- expect: 97 9 98
local name = os.tmpname()
io.output(name)
io.write(1, " ", 2.0, " ", -0.0, " ", 1e100, " ", 2^53, " ", "s", "\n")
io.close()
io.output(io.stdout)
-- io.write formats floats with %.14g: no ".0" is added, unlike tostring
print((io.open(name):read("a"):gsub("\n", "|"))) -- expect: 1 2 -0 1e+100 9.007199254741e+15 s|
os.remove(name)
print(setmetatable({}, { __tostring = function() return "object" end }), nil, false, 1.0) -- expect: object nil false 1.0
print(pcall(io.write, {})) -- expect: false bad argument #1 to 'io.write' (string expected, got table)
print(pcall(io.write, nil)) -- expect: false bad argument #1 to 'io.write' (string expected, got nil)
print(pcall(print, setmetatable({}, { __tostring = function() return {} end })))
-- expect: false '__tostring' must return a string
print(pcall(print, setmetatable({}, { __tostring = function() error("E", 0) end }))) -- expect: false E
print((tostring(setmetatable({}, { __name = "Type" })):gsub(": .*", ""))) -- expect: Type
print() -- expect:
print(nil) -- expect: nil
print("a\0b" == "a\0b", #"a\0b") -- expect: true 3
