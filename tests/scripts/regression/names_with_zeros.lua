-- Names in messages end at a zero byte, as the reference's do.
local t = setmetatable({}, {__name = "One\0Two"})
print(pcall(function() return t + 1 end)) -- expect: false names_with_zeros.lua:3: attempt to perform arithmetic on a One value (upvalue 't')
print(pcall(function() local a = {} a["x\0y"]() end)) -- expect: false names_with_zeros.lua:4: attempt to call a nil value (field 'x')
print(pcall(function() return 1 | "x\0y" end)) -- expect: false names_with_zeros.lua:5: attempt to perform bitwise operation on a string value (constant 'x')
print((tostring(t):gsub("0x%x+", "ADDRESS"))) -- expect: One: ADDRESS
