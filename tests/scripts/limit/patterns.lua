-- Pathological patterns: too complex, too many captures, malformed.
print(pcall(string.find, ("x"):rep(500000), ("(x)"):rep(33))) -- expect: false too many captures
print(pcall(string.match, "x", ("("):rep(33) .. "x" .. (")"):rep(33))) -- expect: false too many captures
local ok, e = pcall(string.match, ("a"):rep(250000), ("a?"):rep(250000) .. ("b"))
print(ok, ok or e) -- expect: false pattern too complex
print(pcall(string.match, "x", "[a-")) -- expect: false malformed pattern (missing ']')
print(pcall(string.match, "x", "[^")) -- expect: false malformed pattern (missing ']')
print(pcall(string.match, "x", "[]")) -- expect: false malformed pattern (missing ']')
print(pcall(string.match, "x", "[%")) -- expect: false malformed pattern (missing ']')
print(pcall(string.match, "x", "%bx")) -- expect: false malformed pattern (missing arguments to '%b')
print(pcall(string.match, "x", "(" .. ("x"):rep(3))) -- expect: true nil
print(("x"):rep(100000):match("^(x*)$"):len(), ("x"):rep(100000):find("y"), ("x"):rep(2000):match("x-y")) -- expect: 100000 nil nil
print(#(("a"):rep(1000)):match(("a?"):rep(20) .. ("a"):rep(20))) -- expect: 40
