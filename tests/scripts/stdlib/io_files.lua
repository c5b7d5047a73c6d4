-- io: open modes, read formats, write chaining, seek, lines, close results.
local name = os.tmpname()
local f = assert(io.open(name, "w"))
print(io.type(f), io.type(42), f:write("line one\n", 2, " ", 3.5, "\nthird\n\nlast") == f, f:close(), io.type(f))
-- expect: file nil true true closed file
print(tostring(f), pcall(f.read, f)) -- expect: file (closed) false attempt to use a closed file
f = io.open(name)
print(f:read(), f:read("n", "n"), f:read("l"), f:read("L"))
-- expect: line one 2  third
-- expect:
print(f:read(0), f:read("L"), f:read(2), f:read("a"), f:read("a"), f:read("l"), f:read(0), f:read("n"))
-- expect:  
-- expect:  la st  nil nil nil
print(f:seek("set", 5), f:read(3), f:seek("cur"), f:seek("end"), f:seek("set"), f:read("l")) -- expect: 5 one 8 26 0 line one
f:close()
for l in io.lines(name) do io.write("[", l, "]") end
print("") -- expect: [line one][2 3.5][third][][last]
for a, b in io.lines(name, 1, "l") do io.write(a, "+", tostring(b), " ") end -- expect: l+ine one 2+ 3.5 t+hird 
print("") -- expect: +last 
f = io.open(name, "a"); f:write("\nappended"); f:close()
f = io.open(name, "r+"); f:write("LINE"); f:seek("end"); f:write("!"); f:close()
f = io.open(name, "rb"); local all = f:read("*a"); f:close()
print((all:gsub("\n", "/"))) -- expect: LINE one/2 3.5/third//last/appended!
f = io.open(name, "w+"); f:write("0x1F -7 +3 1e2 .5 nan 99999999999999999999 0x"); f:seek("set")
print(f:read("n", "n", "n", "n", "n", "n")) -- expect: 31 -7 3 100.0 0.5 nil
f:close()
print(io.open("/surely/missing")) -- expect: nil /surely/missing: No such file or directory 2
print(pcall(io.open, name, "rw")) -- expect: false bad argument #2 to 'io.open' (invalid mode)
print(pcall(io.lines, "/surely/missing")) -- expect: false cannot open file '/surely/missing' (No such file or directory)
print(pcall(function() for l in io.lines(name) do error("in loop", 0) end end)) -- expect: false in loop
f = io.open(name, "w"); print(f:setvbuf("full", 1024), f:setvbuf("no"), f:setvbuf("line"), f:flush() and true); f:close()
-- expect: true true true true
f = io.open(name, "r"); print(f:write("x")); f:close() -- expect: nil Bad file descriptor 9
do local g <close> = io.open(name, "w"); g:write("closed by scope") end
for line in io.lines(name, "L") do print(line) end -- expect: closed by scope
print(pcall(f.lines, f)) -- expect: false attempt to use a closed file
f = io.open(name); print(pcall(f.read, f, "x"), pcall(f.read, f, "*x")); f:close()
-- expect: false false bad argument #2 to '?' (invalid format)
f = io.open(name); local it = f:lines("n"); print(it()); f:close(); print(pcall(it))
-- expect:
-- expect: false file is already closed
print(os.remove(name)) -- expect: true
