-- collects: yes
-- Resurrection: an object stored by its finalizer lives on, is finalized again
-- only when it is marked again.
local saved
local count = 0
local mt = {}
mt.__gc = function(o) count = count + 1; saved = o end
setmetatable({ data = { 1, 2, 3 } }, mt)
collectgarbage()
print(count, saved.data[3], getmetatable(saved) == mt) -- expect: 1 3 true
saved = nil
collectgarbage()
print(count, saved) -- expect: 1 nil
-- re-marking by setmetatable in the finalizer: an immortal object
local times, object = 0, nil
local mt2 = {}
mt2.__gc = function(o) times = times + 1; if times < 4 then setmetatable(o, mt2) end object = nil end
setmetatable({}, mt2)
for _ = 1, 8 do collectgarbage() end
print(times) -- expect: 4
-- weak references to a finalized object: values are cleared before, keys after
local wv, wk = setmetatable({}, { __mode = "v" }), setmetatable({}, { __mode = "k" })
do
  local o = setmetatable({}, { __gc = function(obj) print("in finalizer", wv[1], wk[obj]) end })
  wv[1], wk[o] = o, "attached"
end
collectgarbage() -- expect: in finalizer nil attached
print(wv[1], next(wk) ~= nil) -- expect: nil true
collectgarbage()
print(next(wk)) -- expect: nil
