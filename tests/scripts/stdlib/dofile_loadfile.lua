-- dofile and loadfile: results, environments, modes, errors.
print(dofile("modules/script.lua")) -- expect: 1
local f = loadfile("modules/script.lua")
print(f("arg1", "arg2")) -- expect: 2 arg1 arg2
local env = {}
print(loadfile("modules/script.lua", "t", env)(), env.loaded_count, loaded_count) -- expect: 1 1 2
print(loadfile("modules/missing.lua")) -- expect: nil cannot open modules/missing.lua: No such file or directory
print(loadfile("modules/broken.lua")) -- expect: nil modules/broken.lua:2: unexpected symbol near '='
print(loadfile("modules/script.lua", "b")) -- expect: nil attempt to load a text chunk (mode is 'b')
print(pcall(dofile, "modules/missing.lua")) -- expect: false cannot open modules/missing.lua: No such file or directory
print(pcall(dofile, "modules/broken.lua")) -- expect: false modules/broken.lua:2: unexpected symbol near '='
print(pcall(dofile, "modules/fails_at_runtime.lua")) -- expect: false modules/fails_at_runtime.lua:2: module failed
local name = os.tmpname()
local out = io.open(name, "w"); out:write("#!shebang line\nreturn 'after shebang'"); out:close()
print(dofile(name)) -- expect: after shebang
out = io.open(name, "wb"); out:write("\xEF\xBB\xBFreturn 'after bom'"); out:close()
print(dofile(name)) -- expect: after bom
out = io.open(name, "wb"); out:write(string.dump(function() return "binary file" end)); out:close()
print(dofile(name), loadfile(name, "t") == nil) -- expect: binary file true
out = io.open(name, "w"); out:close()
print(dofile(name)) -- expect:
os.remove(name)
