-- Every finalizer runs once, those included that a search for dead objects holds
-- when the state closes.
local calls, kept = 0, {}
last = setmetatable({}, { __gc = function() print(calls) end }) -- registered first
local mt = { __gc = function() calls = calls + 1 end }
for i = 1, 6000 do
  local o = setmetatable({ {} }, mt)
  if i % 2 == 0 then kept[#kept + 1] = o end
end
hold = kept
-- Ends at any stage of a collection: the more often it runs, the more are met.
local stop = 200 + math.random(4000)
for i = 1, stop do local garbage = { {}, { i } } end
-- expect: 6000
