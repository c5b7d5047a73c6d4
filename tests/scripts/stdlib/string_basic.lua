-- string: len, sub, upper, lower, reverse, rep, byte, char with edge positions.
print(("hello"):len(), #"", ("a\0b"):len()) -- expect: 5 0 3
local s = "hello"
print(s:sub(2, 4), s:sub(-3), s:sub(2), s:sub(-100, 100), "[" .. s:sub(4, 2) .. "]", s:sub(0), s:sub(-2, -2))
-- expect: ell llo ello hello [] hello l
print("[" .. s:sub(6) .. "]", "[" .. s:sub(100) .. "]", s:sub(math.mininteger, math.maxinteger), s:sub(2.0, 3)) -- expect: [] [] hello el
print(s:upper(), ("HeLLo 1é"):lower() == "hello 1é", s:reverse(), (""):reverse() == "") -- expect: HELLO true olleh true
print(("ab"):rep(3), ("ab"):rep(3, "-"), ("x"):rep(0) == "", ("x"):rep(-1) == "", ("x"):rep(1, "sep")) -- expect: ababab ab-ab-ab true true x
print(s:byte(), s:byte(-1), s:byte(1, 3), s:byte(10), select("#", s:byte(10))) -- expect: 104 111 104 nil 0
print(string.char(72, 105), string.char() == "", #string.char(0, 255, 128)) -- expect: Hi true 3
print(("%d"):rep(2, ","):format(1, 2)) -- expect: 1,2
print(#("x"):rep(10000), ("ab"):rep(5000):sub(9999)) -- expect: 10000 ab
print(("x"):byte(-10, 10), (""):byte(1)) -- expect: 120
print(pcall(s.sub)) -- expect: false bad argument #1 to 'string.sub' (string expected, got no value)
print(pcall(s.byte, s, {})) -- expect: false bad argument #2 to 'string.byte' (number expected, got table)
print(tostring(12):len(), pcall(function() return (12):len() end)) -- expect: 2 false string_basic.lua:16: attempt to index a number value
