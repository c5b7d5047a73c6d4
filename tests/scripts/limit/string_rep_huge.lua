-- Strings that cannot exist: rep, concat and format refuse, the program goes on.
print(pcall(string.rep, "x", math.maxinteger)) -- expect: false resulting string too large
print(pcall(string.rep, "abc", math.maxinteger // 2)) -- expect: false resulting string too large
print(pcall(string.rep, "x", 1 << 40, ("s"):rep(1 << 24))) -- expect: false resulting string too large
print(pcall(function() return ("x"):rep(1e8):rep(1e11) end)) -- expect: false string_rep_huge.lua:5: resulting string too large
print(#("x"):rep(1 << 20), ("x"):rep(-5) == "", (""):rep(1000) == "") -- expect: 1048576 true true
local ok, e = pcall(string.rep, "x", 1e15)
print(ok, e == "not enough memory" or e:match("resulting string too large")) -- expect: false resulting string too large
print("still usable", #table.concat({ ("a"):rep(1000), ("b"):rep(1000) })) -- expect: still usable 2000
