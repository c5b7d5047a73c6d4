-- io: numerals of every form read by "n", formats, modes, seeks, buffering, closed files, popen.
local name = os.tmpname()
local function show(...) local n = select("#", ...) local o = {} for i = 1, n do local v = select(i, ...) o[i] = (type(v) == "userdata" or type(v)=="function" or type(v)=="table") and type(v) or type(v)=="string" and string.format("%q", (v:gsub(name, "NAME", 1))) or tostring(v) end print(table.concat(o, " ")) end
local function P(f, ...) show(pcall(f, ...)) end
local nums = { "0x", "0x1p", "0x1p4", "1e", "1e+", "1e+5", ".5", "5.", ".", "-", "+", "- 5", "--5", "+-5", "0x.8", "0x.8p1", "0X1P-2", "inf", "nan", "1e400", "0x1.8p", "1..2", "1.2.3", "1,2", "12abc", "0b1", "1_000", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "0xffffffffffffffff", "0x1ffffffffffffffff", "   \t\n 7", "1e-400", ("1"):rep(199), ("1"):rep(200), ("1"):rep(201), ("1"):rep(300), "0x" .. ("f"):rep(250), "1" .. (" "):rep(5) .. "2", "\0001", "1\0", "0x-1", "e5", "1E5", "1e5.5", "00012", "-0", "-0x0", "-.5e-1" }
for _, s in ipairs(nums) do
  local f = assert(io.open(name, "w")) f:write(s) f:close()
  f = io.open(name) P(f.read, f, "n", "a") f:close()
  f = io.open(name) P(f.read, f, "n", "n", "n", "l") f:close()
  f = io.open(name) P(f.read, f, 1, "n", "L") f:close()
end
local f = io.open(name, "w") f:write("line1\nline2\r\n\nline4\0x\nlast") f:close()
for _, fmt in ipairs { {"l"}, {"L"}, {"a"}, {"n"}, {0}, {1}, {5}, {100}, {"*l"}, {"*L"}, {"*a"}, {"*n"}, {"**l"}, {"x"}, {"lx"}, {""}, {"*"}, {1.0}, {1.5}, {-1}, {"l","a","l"}, {"a","a"}, {"a","l"}, {"a",0}, {"a","n"}, {"l",0,"n","l"}, {nil}, {true}, {{}}, {"5"}, {"1","l"} } do
  f = io.open(name) P(f.read, f, table.unpack(fmt, 1, math.max(#fmt, 1))) P(f.read, f) P(f.seek, f) f:close()
  P(function() local o = {} for a, b in io.lines(name, table.unpack(fmt)) do o[#o+1] = tostring(a) .. "|" .. tostring(b) if #o > 8 then break end end return table.concat(o, ";") end)
end
P(io.lines, name, table.unpack({}, 1, 250)) P(io.lines, name, table.unpack({}, 1, 251))
f = io.open(name) P(f.lines, f, table.unpack({}, 1, 250)) P(f.lines, f, table.unpack({}, 1, 251)) f:close()
for _, m in ipairs { "r", "w", "a", "r+", "w+", "a+", "rb", "r+b", "rb+", "w+b", "rw", "", "x", "rbb", "b", "r++", " r", "R", "wx" } do P(io.open, name .. "x", m) end
os.remove(name .. "x")
f = io.open(name, "r") P(f.write, f, "x") P(f.read, f, 3) P(f.seek, f, "cur", -1) P(f.seek, f, "end", 5) P(f.read, f, 1) P(f.read, f, 0) P(f.seek, f, "set", -1) P(f.seek, f, "x") P(f.seek, f, "set", 1.5) P(f.seek, f, 5) P(f.seek, f, "set", "2") P(f.setvbuf, f, "no") P(f.setvbuf, f, "full", 10) P(f.setvbuf, f, "line", -1) P(f.setvbuf, f, "x") P(f.setvbuf, f) P(f.flush, f) P(f.close, f) P(f.close, f) P(f.read, f) P(tostring, f) P(io.type, f) P(f.lines, f) P(f.seek, f) P(io.lines) 
f = io.open(name, "w") P(f.read, f) P(f.read, f, "n") P(f.read, f, 0) P(f.read, f, "a") P(f.write, f, 1, 1.0, 1e15, 1e100, 2^53, -0.0, 0/0, 1/0, math.mininteger, "x") P(f.write, f, nil) P(f.write, f, {}) P(f.write, f) P(f.write, f, true) f:close() for l in io.lines(name, "a") do print(l) break end
f = io.open(name, "a+") P(f.seek, f) P(f.write, f, "Z") P(f.seek, f, "set") P(f.read, f, 3) P(f.write, f, "Y") P(f.seek, f, "set") P(f.read, f, "a") f:close()
f = io.open(name, "r+") P(f.read, f, 2) P(f.seek, f, "cur") P(f.write, f, "QQ") P(f.seek, f, "cur") P(f.seek, f, "set") P(f.read, f, 8) f:close()
f = io.open(name, "w+") P(f.write, f, "abc") P(f.seek, f, "set", 10) P(f.write, f, "d") P(f.seek, f, "set") P(f.read, f, "a") f:close()
P(io.open, "/nonexistent/x", "w") P(io.open, "/", "w") P(io.open, "/") P(io.lines, "/nonexistent") P(io.input, "/nonexistent") P(io.output, "/nonexistent/x") P(io.open, name .. "\0x") P(io.open) P(io.open, {}) P(io.type) P(io.type, 1) P(io.type, io.stdout) P(io.close, 5)
do local d = io.open("/") P(d.read, d, 1) P(d.read, d, "a") P(d.read, d, "l") P(d.read, d, "n") P(d.read, d, 0) P(d.seek, d, "end") P(d.close, d) end
P(function() for l in io.lines("/") do end end)
io.output(name) io.write("hello\nworld\n") io.close() P(io.write, "x") P(io.close) io.output(io.stdout)
io.input(name) P(io.read) P(io.read, "L") P(io.read) P(io.read, "a") P(io.read, "a") P(io.read, 0) io.close(io.input()) P(io.read) P(io.lines) io.input(io.stdin)
P(function() local it = io.lines(name) it() it() it() it() end)
P(function() local it = io.lines(name) it() it() print(it()) print(pcall(it)) end)
P(function() for l in io.lines(name) do error("in loop") end end)
P(function() local a, b, c, d = io.lines(name) return type(a), b, c, io.type(d), d:close(), pcall(a) end)
P(function() local f = io.open(name) local it = f:lines() f:close() return it() end)
P(function() local f <close> = io.open(name) return f:read() end)
local p = io.popen("printf 'a\\nb'; exit 3") P(p.read, p, "a") P(p.seek, p) P(p.write, p, "x") P(p.close, p)
p = io.popen("cat > /dev/null", "w") P(p.write, p, "x") P(p.read, p, 1) P(p.close, p) P(io.popen, "true", "rw") P(io.popen, "true", "x") P(io.popen, "true", "rb") P(io.popen) P(function() return io.popen("kill -9 $$"):close() end) P(function() return io.popen("exit 0"):close() end) P(function() return io.popen("nosuchcommand 2>/dev/null"):close() end)
P(os.execute) P(os.execute, "exit 5") P(os.execute, "kill -15 $$") P(os.execute, "true\0false")
P(os.rename, name, "/nonexistent/z") P(os.rename, "/nonexistent/a", "b") P(os.remove, "/nonexistent/a") P(os.remove, "/") P(os.getenv, "HOME\0x") P(os.getenv) P(os.getenv, "NOPE")
P(type, os.clock()) P(os.time, {}) P(os.time, {year=2020}) P(os.time, 5) P(os.difftime, 5) P(os.difftime, "5", 3)
f = io.tmpfile() P(f.write, f, "abc") P(f.seek, f, "set") P(f.read, f, "a") P(f.close, f)
local mt = getmetatable(io.stdout) for _, k in ipairs { "__gc", "__close", "__index", "__name", "__tostring" } do show(k, mt[k]) end P(mt.__gc) P(mt.__gc, 5) P(mt.__tostring, 5) P(mt.__close) P(mt.__index.read) P(mt.__index.read, 5) P(io.stdout.nosuch) P(function() io.stdout.x = 1 end) P(function() return #io.stdout end) P(function() return io.stdout < io.stderr end) P(function() return io.stdout .. "x" end)
local ks = {} for k in pairs(mt.__index) do ks[#ks+1] = k end table.sort(ks) print(table.concat(ks, " ")) ks = {} for k in pairs(mt) do ks[#ks+1] = k end table.sort(ks) print(table.concat(ks, " ")) ks = {} for k in pairs(io) do ks[#ks+1] = k end table.sort(ks) print(table.concat(ks, " "))
os.remove(name)
