-- string.find: plain, init positions, captures, anchors, empty patterns.
print(("hello world"):find("wor"), ("hello"):find("l"), ("hello"):find("xyz")) -- expect: 7 3 nil
print(("hello"):find(""), ("hello"):find("", 3), ("hello"):find("", 6), ("hello"):find("", 7)) -- expect: 1 3 6 nil
print(("a.b.c"):find(".", 1, true), ("a.b.c"):find(".", 3, true), ("a.b"):find("%.")) -- expect: 2 4 2 2
print(("hello"):find("l", -2), ("hello"):find("h", -100), ("hello"):find("o", 10)) -- expect: 4 1 nil
print(("key=value"):find("(%w+)=(%w+)")) -- expect: 1 9 key value
print(("abc"):find("b()"), ("abc"):find("()")) -- expect: 2 1 0 1
print(("hello"):find("^h"), ("hello"):find("^e"), ("hello"):find("o$"), ("hello"):find("l$")) -- expect: 1 nil 5 nil
print(("a+b"):find("+", 1, true), ("a+b"):find("a+b"), ("aaab"):find("a+b")) -- expect: 2 nil 1 4
print(("x^y"):find("^", 1, true), ("x^y"):find("x^"), ("$5"):find("$5")) -- expect: 2 1 1 2
print(("a\0b\0c"):find("\0", 3, true), ("a\0b"):find("%z"), ("a\0b"):find("[\0]")) -- expect: 4 2 2 2
print(("  trim  "):find("^%s*(.-)%s*$")) -- expect: 1 8 trim
print((""):find(""), (""):find("x"), (""):find("^$")) -- expect: 1 nil 1 0
print(("f(a(b)c)d"):find("%b()")) -- expect: 2 8
print(("one;two;;four"):find(";;", 1, true)) -- expect: 8 9
local long = ("a"):rep(1000) .. "b"
print(long:find("b"), long:find("b", 1, true), long:find("a-b")) -- expect: 1001 1001 1 1001
