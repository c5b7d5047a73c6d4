-- <close>: order, normal and error exits, errors in __close, break and return.
local function res(name) return setmetatable({ name = name }, { __close = function(self, e) print("close " .. self.name, e) end }) end
do
  local a <close> = res("a")
  local b <close> = res("b")
  print("body") -- expect: body
end
-- expect: close b nil
-- expect: close a nil
print(pcall(function()
  local c <close> = res("c")
  error("oops", 0)
  -- expect: close c oops
  -- expect: false oops
end))
local function f()
  local d <close> = res("d")
  return "returned", 1, 2
end
print(f())
-- expect: close d nil
-- expect: returned 1 2
for i = 1, 2 do
  local e <close> = res("e" .. i)
  if i == 2 then break end -- expect: close e1 nil
end -- expect: close e2 nil
do
  local n <close> = nil
  local m <close> = false
  print("nil and false are allowed") -- expect: nil and false are allowed
end
print(pcall(function() local x <close> = 42 end)) -- expect: false meta_close.lua:32: variable 'x' got a non-closable value
print(pcall(function() local mytable <close> = {} end)) -- expect: false meta_close.lua:33: variable 'mytable' got a non-closable value
print(pcall(function() -- expect: false second after first after origin
  local g <close> = setmetatable({}, { __close = function(_, e) error("second after " .. e, 0) end })
  local h <close> = setmetatable({}, { __close = function(_, e) error("first after " .. e, 0) end })
  error("origin", 0)
end))
print(pcall(function()
  local k <close> = res("k")
  local l <close> = setmetatable({}, { __close = function() error("only closing", 0) end })
  return "lost"
  -- expect: close k only closing
  -- expect: false only closing
end))
do
  local i = 0
  ::again::
  local q <close> = res("q" .. i)
  i = i + 1
  if i < 3 then goto again end
end
-- expect: close q0 nil
-- expect: close q1 nil
-- expect: close q2 nil
print(load("local x <close> = nil; x = 1")) -- expect: nil [string "local x <close> = nil; x = 1"]:1: attempt to assign to const variable 'x'
