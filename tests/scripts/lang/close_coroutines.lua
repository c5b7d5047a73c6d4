-- <close> with coroutines: yields inside __close, coroutine.close, errors.
local function res(name) return setmetatable({}, { __close = function(_, e) print("close " .. name, e) end }) end
local co = coroutine.create(function()
  local a <close> = res("a")
  local b <close> = res("b")
  coroutine.yield("yielded")
  print("never")
end)
print(coroutine.resume(co)) -- expect: true yielded
print(coroutine.close(co), coroutine.status(co))
-- expect: close b nil
-- expect: close a nil
-- expect: true dead
print(coroutine.close(co)) -- expect: true
co = coroutine.wrap(function()
  local y <close> = setmetatable({}, { __close = function() coroutine.yield("from close"); print("after yield in close") end })
  return "result"
end)
print(co()) -- expect: from close
print(co())
-- expect: after yield in close
-- expect: result
co = coroutine.create(function()
  local e <close> = setmetatable({}, { __close = function() error("bad close", 0) end })
  coroutine.yield()
end)
coroutine.resume(co)
print(coroutine.close(co)) -- expect: false bad close
print(coroutine.status(co)) -- expect: dead
co = coroutine.wrap(function()
  return pcall(function()
    local z <close> = setmetatable({}, { __close = function(_, err) coroutine.yield("closing on " .. err) end })
    error("failure", 0)
  end)
end)
print(co()) -- expect: closing on failure
print(co()) -- expect: false failure
print(pcall(coroutine.wrap(function()
  local w <close> = res("w")
  error("in wrap", 0)
  -- expect: close w in wrap
  -- expect: false in wrap
end)))
print(pcall(coroutine.close, coroutine.running())) -- expect: false cannot close a running coroutine
co = coroutine.create(function() for i in function(_, n) return (n or 0) + 1 end, nil, nil, res("for") do coroutine.yield(i) end end)
print(coroutine.resume(co)); print(coroutine.resume(co)); print(coroutine.close(co))
-- expect: true 1
-- expect: true 2
-- expect: close for nil
-- expect: true
