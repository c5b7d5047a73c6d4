-- _ENV: as upvalue, local and parameter; globals are fields of _ENV.
x = 5
print(_ENV.x, _G.x, _ENV == _G) -- expect: 5 5 true
do
  local _ENV = { print = print, y = 1 }
  print(y, x) -- expect: 1 nil
  z = 2
  print(_ENV.z) -- expect: 2
end
print(z, y) -- expect: nil nil
local function sandbox(_ENV) v = (v or 0) + 1; return v end
local env = {}
print(sandbox(env), sandbox(env), env.v, v) -- expect: 1 2 2 nil
local f = load("a = 1; return a, b", "chunk", "t", { b = "B" })
print(f()) -- expect: 1 B
print(a) -- expect: nil
local function setter() local _ENV <const> = { tostring = tostring }; q = 1; return tostring(q) end
print(setter(), q) -- expect: 1 nil
print(pcall(function() local _ENV = nil; return undefined_thing end))
-- expect: false environments.lua:19: attempt to index a nil value (local '_ENV')
print(pcall(function() local _ENV = { }; undefined_fn() end))
-- expect: false environments.lua:21: attempt to call a nil value (global 'undefined_fn')
setmetatable(_G, { __index = function(_, k) return "auto " .. k end, __newindex = function(t, k, val) rawset(t, k, val) end })
print(undefined_name) -- expect: auto undefined_name
setmetatable(_G, nil)
print(undefined_name, rawget(_G, "x")) -- expect: nil 5
x = nil
print(x, _G.x) -- expect: nil nil
_G["with space"] = 1
print(_ENV["with space"]) -- expect: 1
