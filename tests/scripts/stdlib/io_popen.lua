-- io.popen: reading, writing, status results of close.
local p = io.popen("echo one; echo two; exit 3")
print(p:read("l"), p:read("a"))
-- expect: one two
-- expect:
print(p:close()) -- expect: nil exit 3
print(io.popen("true"):close()) -- expect: true exit 0
print(io.popen("kill -15 $$"):close()) -- expect: nil signal 15
local name = os.tmpname()
local w = io.popen("cat > " .. name, "w")
w:write("through a pipe\n")
print(w:close()) -- expect: true exit 0
for l in io.lines(name) do print(l) end -- expect: through a pipe
os.remove(name)
for l in io.popen("printf 'x\\ny\\n'"):lines() do io.write(l, ".") end
print("") -- expect: x.y.
print(pcall(io.popen, "true", "rw")) -- expect: false bad argument #2 to 'io.popen' (invalid mode)
local q = io.popen("cat", "r")
print(q:read("a") == "", io.type(q), q:close(), io.type(q)) -- expect: true file true closed file
