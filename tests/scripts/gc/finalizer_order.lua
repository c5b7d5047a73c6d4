-- collects: yes
-- __gc: called in reverse order of marking, once, with the object.
local log = {}
for i = 1, 5 do setmetatable({ n = i }, { __gc = function(o) log[#log + 1] = o.n end }) end
collectgarbage()
print(table.concat(log, " ")) -- expect: 5 4 3 2 1
collectgarbage()
print(#log) -- expect: 5
-- __gc added to the metatable after setmetatable does not count
local mt = {}
setmetatable({ n = "late" }, mt)
mt.__gc = function(o) log[#log + 1] = o.n end
collectgarbage()
print(#log) -- expect: 5
-- a non-function __gc at setmetatable marks; what it is then is looked up
local mt2 = { __gc = true }
setmetatable({ n = "marked" }, mt2)
mt2.__gc = function(o) log[#log + 1] = o.n end
collectgarbage()
print(log[#log]) -- expect: marked
-- finalizers can use the objects they refer to
do
  local inner = { "inner data" }
  setmetatable({ inner = inner }, { __gc = function(o) print("finalizing with", o.inner[1]) end })
end
collectgarbage() -- expect: finalizing with inner data
-- cycles are finalized too
do
  local a, b = {}, {}
  a.b, b.a = b, a
  setmetatable(a, { __gc = function(o) print("cycle", o.b.a == o) end })
end
collectgarbage() -- expect: cycle true
collectgarbage()
print("end") -- expect: end
