-- Hooks are listed by thread in the registry, and basic functions have no upvalues.
local registry = debug.getregistry()
local function hook() end
debug.sethook(hook, "", 1000000)
print(registry._HOOKKEY[coroutine.running()] == hook) -- expect: true
print(getmetatable(registry._HOOKKEY).__mode) -- expect: k
debug.sethook()
print(registry._HOOKKEY[coroutine.running()]) -- expect: nil
local co = coroutine.create(print)
debug.sethook(co, hook, "c")
print(registry._HOOKKEY[co] == hook) -- expect: true
local info = debug.getinfo(print, "u")
print(info.nups, info.nparams, info.isvararg) -- expect: 0 0 true
