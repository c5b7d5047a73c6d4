-- Messages name the variable: global, local, upvalue, field, method, constant.
local up
local t = {}
local function why(f, ...) return (select(2, pcall(f, ...))) end
print(why(function() undefinedglobal() end)) -- expect: errors_variable_names.lua:5: attempt to call a nil value (global 'undefinedglobal')
print(why(function() local l; l() end)) -- expect: errors_variable_names.lua:6: attempt to call a nil value (local 'l')
print(why(function() up() end)) -- expect: errors_variable_names.lua:7: attempt to call a nil value (upvalue 'up')
print(why(function() t.f() end)) -- expect: errors_variable_names.lua:8: attempt to call a nil value (field 'f')
print(why(function() t:m() end)) -- expect: errors_variable_names.lua:9: attempt to call a nil value (method 'm')
print(why(function() t.a.b = 1 end)) -- expect: errors_variable_names.lua:10: attempt to index a nil value (field 'a')
print(why(function() return undefinedglobal.x end))
-- expect: errors_variable_names.lua:11: attempt to index a nil value (global 'undefinedglobal')
print(why(function() local l; return l.x end)) -- expect: errors_variable_names.lua:13: attempt to index a nil value (local 'l')
print(why(function() return up.x end)) -- expect: errors_variable_names.lua:14: attempt to index a nil value (upvalue 'up')
print(why(function() return t.x.y end)) -- expect: errors_variable_names.lua:15: attempt to index a nil value (field 'x')
print(why(function() return t[1][2] end)) -- expect: errors_variable_names.lua:16: attempt to index a nil value (field 'integer index')
print(why(function() local k = "key"; return t[k].z end)) -- expect: errors_variable_names.lua:17: attempt to index a nil value (field '?')
print(why(function() local l = 5; l.x = 1 end)) -- expect: errors_variable_names.lua:18: attempt to index a number value (local 'l')
print(why(function() return t.x + 1 end)) -- expect: errors_variable_names.lua:19: attempt to perform arithmetic on a nil value (field 'x')
print(why(function() return up + 1 end)) -- expect: errors_variable_names.lua:20: attempt to perform arithmetic on a nil value (upvalue 'up')
print(why(function() return 1 + undefinedglobal end))
-- expect: errors_variable_names.lua:21: attempt to perform arithmetic on a nil value (global 'undefinedglobal')
print(why(function() local a, b = {}, 1; return a * b end))
-- expect: errors_variable_names.lua:23: attempt to perform arithmetic on a table value (local 'a')
print(why(function() local a, b = 2, {}; return a - b end))
-- expect: errors_variable_names.lua:25: attempt to perform arithmetic on a table value (local 'b')
print(why(function() return -t end)) -- expect: errors_variable_names.lua:27: attempt to perform arithmetic on a table value (upvalue 't')
print(why(function() return #up end)) -- expect: errors_variable_names.lua:28: attempt to get length of a nil value (upvalue 'up')
print(why(function() return t.n.m.o end)) -- expect: errors_variable_names.lua:29: attempt to index a nil value (field 'n')
print(why(function() return ("x") + {} end)) -- expect: errors_variable_names.lua:30: attempt to add a 'string' with a 'table'
print(why(function() t.list[1] = 2 end)) -- expect: errors_variable_names.lua:31: attempt to index a nil value (field 'list')
print(why(function() string.nofunc("x") end)) -- expect: errors_variable_names.lua:32: attempt to call a nil value (field 'nofunc')
print(why(function() math.pi() end)) -- expect: errors_variable_names.lua:33: attempt to call a number value (field 'pi')
print(why(function() return t .. "x" end)) -- expect: errors_variable_names.lua:34: attempt to concatenate a table value (upvalue 't')
print(why(function() return "x" .. t.name end)) -- expect: errors_variable_names.lua:35: attempt to concatenate a nil value (field 'name')
print(why(function() for i = 1, t do end end)) -- expect: errors_variable_names.lua:36: bad 'for' limit (number expected, got table)
print(why(function(...) local a = ...; a.b.c = 1 end, {})) -- expect: errors_variable_names.lua:37: attempt to index a nil value (field 'b')
print(why(function() t[nil] = 1 end)) -- expect: errors_variable_names.lua:38: table index is nil
print(why(function() return 2^53 & 1.5 end)) -- expect: errors_variable_names.lua:39: number has no integer representation
print(why(function() (nil)[1] = 1 end)) -- expect: errors_variable_names.lua:40: attempt to index a nil value
print(why(function() return t.x.y.z end)) -- expect: errors_variable_names.lua:41: attempt to index a nil value (field 'x')
print(why(function() return (true).x end)) -- expect: errors_variable_names.lua:42: attempt to index a boolean value
print(why(function() return (1)[2] end)) -- expect: errors_variable_names.lua:43: attempt to index a number value
