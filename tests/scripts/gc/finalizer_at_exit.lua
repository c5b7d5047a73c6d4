-- Objects alive at the end are finalized in reverse order when the state closes.
keep1 = setmetatable({}, { __gc = function() print("first created") end })
keep2 = setmetatable({}, { __gc = function() print("second created"); keep3 = setmetatable({}, { __gc = function() print("created while closing") end }) end })
local t = setmetatable({ name = "local" }, { __gc = function(o) print("third created", o.name, keep1 ~= nil, type(string.format)) end })
print("end of script", t.name)
-- expect: end of script local
-- expect: third created local true function
-- expect: second created
-- expect: first created
