-- string.gsub: strings with captures, tables, functions, limits, errors.
print(("hello world"):gsub("o", "0"), ("hello"):gsub("l", "L", 1), ("hello"):gsub("x", "y")) -- expect: hell0 w0rld heLlo hello 0
print(("hello world"):gsub("(%w+)", "<%1>"), ("abc"):gsub("%w", "%0%0"), ("abc"):gsub("", "-")) -- expect: <hello> <world> aabbcc -a-b-c- 4
print(("a b"):gsub("(%w) (%w)", "%2 %1"), ("x"):gsub("x", "%%"), ("abc"):gsub("b", "")) -- expect: b a % ac 1
print(("$name is $age"):gsub("%$(%w+)", { name = "Ann", age = 30 }), ("$a $b"):gsub("%$(%w)", { a = false })) -- expect: Ann is 30 $a $b 2
print(("a1b2"):gsub("%d", function(d) return d * 2 end), ("abc"):gsub("b", function() end)) -- expect: a2b4 abc 1
print(("abc"):gsub("(a)(b)", function(x, y) return y .. x end), ("abc"):gsub("%w", function(c) return c == "b" and false or c:upper() end))
-- expect: bac ABC 3
print(("abc def"):gsub("%f[%w]%w", string.upper), ("  x "):gsub("^%s+", ""), ("abc"):gsub("^a", "z")) -- expect: Abc Def x  zbc 1
print(("aaa"):gsub("a", "b", 0), ("aaa"):gsub("a", "b", 2), ("aaa"):gsub("a", "b", -1), ("aaa"):gsub("^a", "b")) -- expect: aaa bba aaa baa 1
print(("abc"):gsub(".", { a = 1, b = 2.5, c = true and "C" })) -- expect: 12.5C 3
print(("hello"):gsub("l*", "x"), ("abc"):gsub("$", "!"), (""):gsub("", "e"), (""):gsub(".", "x")) -- expect: xhxexox abc! e  0
print(("a.b.c"):gsub("%.", "%%"), ("path/to"):gsub("/", "\\")) -- expect: a%b%c path\to 1
print((select(2, pcall(string.gsub, "x", "x", "%2")):match("^invalid capture index %%2"))) -- expect: invalid capture index %2
print(pcall(string.gsub, "x", "x", "%")) -- expect: false invalid use of '%' in replacement string
print(pcall(string.gsub, "x", "x", "%a")) -- expect: false invalid use of '%' in replacement string
print(pcall(string.gsub, "x", "x", function() return {} end)) -- expect: false invalid replacement value (a table)
print(pcall(string.find, "x", "(x")) -- expect: false unfinished capture
print(pcall(string.gsub, "x", "(x", "%1")) -- expect: false unfinished capture
print(pcall(string.gsub, "x", "[x", "")) -- expect: false malformed pattern (missing ']')
print(pcall(string.gsub, "x", "x)", "")) -- expect: false invalid pattern capture
print(pcall(string.gsub, "x", "%", "")) -- expect: false malformed pattern (ends with '%')
print(pcall(string.gsub, "x", "%f", "")) -- expect: false missing '[' after '%f' in pattern
print(pcall(string.gsub, "x", "%b", "")) -- expect: false malformed pattern (missing arguments to '%b')
print((select(2, pcall(string.gsub, "x", "%1", "")):match("^invalid capture index %%1"))) -- expect: invalid capture index %1
print((select(2, pcall(string.gsub, "x", "(()%1", "")):match("^invalid capture index %%1"))) -- expect: invalid capture index %1
print(pcall(string.rep, "x", -1)) -- expect: true 
print((("x"):rep(100):gsub("x", "yy")):len(), select(2, ("x"):rep(5000):gsub("x", "%0%0"))) -- expect: 200 5000
local t = setmetatable({}, { __index = function(_, k) return k .. k end })
print(("abc"):gsub("%w", t)) -- expect: aabbcc 3
print(pcall(string.gsub, "abc", "%w", function(c) error("in callback " .. c, 0) end)) -- expect: false in callback a
print(("THE (quick) fox"):gsub("%((%w+)%)", "<%1>"), ("äö"):gsub("[\128-\255]", "?")) -- expect: THE <quick> fox ???? 4
