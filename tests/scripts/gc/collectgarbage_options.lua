-- collectgarbage: options, return values, modes, restart.
print(collectgarbage(), collectgarbage("collect")) -- expect: 0 0
local c = collectgarbage("count")
print(math.type(c), c > 0) -- expect: float true
print(collectgarbage("isrunning"), collectgarbage("stop"), collectgarbage("isrunning"), collectgarbage("restart"), collectgarbage("isrunning"))
-- expect: true 0 false 0 true
print(type(collectgarbage("step")), type(collectgarbage("step", 100))) -- expect: boolean boolean
local mode = collectgarbage("incremental")
print(mode == "generational" or mode == "incremental") -- expect: true
print(collectgarbage("generational"), collectgarbage("incremental"), collectgarbage("incremental", 100, 200, 10))
-- expect: incremental generational incremental
print(collectgarbage("generational", 20, 100), collectgarbage("generational")) -- expect: incremental generational
print(math.type(collectgarbage("setpause", 150)), math.type(collectgarbage("setstepmul", 200))) -- expect: integer integer
print(pcall(collectgarbage, "nonsense")) -- expect: false bad argument #1 to 'collectgarbage' (invalid option 'nonsense')
print(pcall(collectgarbage, {})) -- expect: false bad argument #1 to 'collectgarbage' (string expected, got table)
print(pcall(collectgarbage, "step", "x")) -- expect: false bad argument #2 to 'collectgarbage' (number expected, got string)
