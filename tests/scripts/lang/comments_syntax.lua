#!/usr/bin/env lua
-- Syntax odds and ends: comments, semicolons, shebang, parentheses, labels.
--[[ long
comment ]]
--[==[ level ]] two ]==]
print("a");;; -- expect: a
print "b" -- expect: b
local t = { } ;
(print)("parenthesised") -- expect: parenthesised
print(--[[inline]] "c" --[[ and ]])
-- expect: c
do end
do ; end
local function f(...) return ... end
print((f(1, 2)), (("x"))) -- expect: 1 x
print(1--[[x]]+--
-- expect: 3
2)
::label::
local a <const> , b <const> = 1 , 2 ; print ( a , b ) -- expect: 1 2
print(f -- expect: 3
(3))
if true then else end
while false do end
return (function() print("return with a call") end)() -- expect: return with a call
