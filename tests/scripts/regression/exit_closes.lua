-- expect-status: 3
-- os.exit(code, true) within a finalizer runs the finalizers that remain; none made since.
setmetatable({}, { __gc = function() print(1) end })
setmetatable({}, { __gc = function()
  print(2)
  setmetatable({}, { __gc = function() print(3) end })
  print(collectgarbage("count"))
  os.exit(3, true)
end })
-- expect: 2
-- expect: nil
-- expect: 1
