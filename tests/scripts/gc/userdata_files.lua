-- collects: yes
-- Files left open are closed by the collector, and at exit.
local name = os.tmpname()
do local f = io.open(name, "w"); f:write("written without close") end
collectgarbage(); collectgarbage()
local f = io.open(name); print(f:read("a")); f:close() -- expect: written without close
for _ = 1, 300 do io.open(name) end
collectgarbage(); collectgarbage()
local fs = {}
for i = 1, 50 do fs[i] = io.open(name) end
print(#fs, fs[50] ~= nil) -- expect: 50 true
for _ in io.lines(name) do break end
os.remove(name)
print(getmetatable(io.stdout).__gc ~= nil, getmetatable(io.stdout).__close ~= nil) -- expect: true true
