-- stress: 20000
-- Errors raised while closing: each replaces the one before, all are closed.
local function res(name, fail)
  return setmetatable({}, { __close = function(_, e) print("close " .. name, e); if fail then error("E" .. name, 0) end end })
end
print(pcall(function()
  local a <close> = res("a")
  local b <close> = res("b", true)
  local c <close> = res("c", true)
  local d <close> = res("d")
  error("body", 0)
  -- expect: close d body
  -- expect: close c body
  -- expect: close b Ec
  -- expect: close a Eb
  -- expect: false Eb
end))
print(pcall(function()
  for i = 1, 3 do local x <close> = res("loop" .. i, i == 2) end
  -- expect: close loop1 nil
  -- expect: close loop2 nil
  -- expect: false Eloop2
end))
print(pcall(coroutine.wrap(function() local x <close> = res("co", true); error("body", 0) end)))
-- expect: close co body
-- expect: false Eco
local co = coroutine.create(function() local x <close> = res("x", true); local y <close> = res("y", true); coroutine.yield() end)
coroutine.resume(co)
print(coroutine.close(co))
-- expect: close y nil
-- expect: close x Ey
-- expect: false Ex
print(pcall(function() local x <close> = setmetatable({}, { __close = function() local function f() return f() + 1 end f() end }) end) == false)
-- expect: true
print(pcall(function() -- expect: false error_in_close.lua:39: attempt to call a nil value (metamethod 'close')
  local mt = { __close = function() print("was closable") end }
  local x <close> = setmetatable({}, mt)
  mt.__close = nil
end))
print(pcall(function() -- expect: false error_in_close.lua:42: attempt to call a string value (metamethod 'close')
  local x <close> = setmetatable({}, { __close = "not callable" })
end))
