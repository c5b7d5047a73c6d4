-- and, or, not: results are operands, evaluation is short-circuit.
print(nil and 1, false and 1, 0 and 1, "" and 1) -- expect: nil false 1 1
print(nil or 1, false or nil, 0 or 1, nil or false) -- expect: 1 nil 0 false
print(not nil, not false, not 0, not "", not not 1) -- expect: true true false false true
local calls = 0
local function touch(v) calls = calls + 1; return v end
print(touch(false) and touch(1), calls) -- expect: false 1
print(touch(1) or touch(2), calls) -- expect: 1 2
print(touch(nil) or touch(false) or touch("x"), calls) -- expect: x 5
print(1 and 2 or 3, nil and 2 or 3, 1 and nil or 3, false == nil) -- expect: 2 3 3 false
local a = nil
local b = a and a.x.y or "default"
print(b, not a == true, not (a == true)) -- expect: default true true
print((1 < 2) and (2 < 3), 1 < 2 == true, (nil == false) or "no") -- expect: true true no
local x = (a or {}).field
print(x) -- expect: nil
if nil then print("never") elseif 0 then print("zero is true") end -- expect: zero is true
while nil do print("never") end
print(#"abc" == 3 and "three" or "other") -- expect: three
