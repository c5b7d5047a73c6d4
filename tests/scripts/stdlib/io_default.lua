-- io.input, io.output, io.read and io.write with default files.
local name = os.tmpname()
local old = io.output()
print(io.output() == io.stdout, io.input() == io.stdin, io.type(io.stderr)) -- expect: true true file
io.output(name)
print(io.write("a", 1, "\n", "b\n") == io.output()) -- expect: true
io.close()
io.output(old)
print(io.input(name) ~= nil, io.read(), io.read("L"), io.read())
-- expect: true a1 b
-- expect:  nil
print(pcall(io.close, io.input())) -- expect: true true
print(pcall(io.read)) -- expect: false default input file is closed
io.input(io.stdin)
print(io.read("l"), io.read("a"), io.read("n")) -- expect: nil  nil
print(pcall(io.input, "/surely/missing")) -- expect: false cannot open file '/surely/missing' (No such file or directory)
print(pcall(io.output, "/surely/missing/file")) -- expect: false cannot open file '/surely/missing/file' (No such file or directory)
for l in io.lines(name) do io.write(l, ";") end
print("") -- expect: a1;b;
print(pcall(io.lines(name), "ignored")) -- expect: true a1
print(tostring(io.stdout):match("^file %("), io.stdout:seek("cur") == nil or true) -- expect: file ( true
print(pcall(io.close, 5)) -- expect: false bad argument #1 to 'io.close' (FILE* expected, got number)
print(os.remove(name)) -- expect: true
local tmp = io.tmpfile()
tmp:write("temporary"); tmp:seek("set", 0)
print(tmp:read("a"), tmp:close()) -- expect: temporary true
print(getmetatable(io.stdout).__name, type(getmetatable(io.stdout).__index.write)) -- expect: FILE* function
