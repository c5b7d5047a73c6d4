-- pairs gives exactly three results, whatever __pairs returns.
local function results(...)
  local t = setmetatable({}, { __pairs = function(...) return ... end })
  return select("#", pairs(t))
end
print(results())
print(select("#", pairs(setmetatable({}, { __pairs = function() end }))))
print(select("#", pairs(setmetatable({}, { __pairs = function() return 1, 2, 3, 4, 5 end }))))
print(pairs(setmetatable({}, { __pairs = function() return 1, 2, 3, 4, 5 end })))
print(pairs(setmetatable({}, { __pairs = function() return 1 end })))
local co = coroutine.wrap(function()
  return pairs(setmetatable({}, { __pairs = function() return coroutine.yield("in") end }))
end)
print(co())
print(co("a", "b", "c", "d"))
-- expect: 3
-- expect: 3
-- expect: 3
-- expect: 1 2 3
-- expect: 1 nil nil
-- expect: in
-- expect: a b c
