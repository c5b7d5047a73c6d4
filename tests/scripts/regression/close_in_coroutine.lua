-- Variables of a closed coroutine are closed in that coroutine.
local co
co = coroutine.create(function()
  local x <close> = setmetatable({}, { __close = function()
    print(coroutine.running() == co, coroutine.status(co))
    print(pcall(coroutine.close, co))
  end })
  coroutine.yield(1)
end)
print(coroutine.resume(co)) -- expect: true 1
print(coroutine.close(co), coroutine.status(co))
-- expect: true running
-- expect: false cannot close a running coroutine
-- expect: true dead
