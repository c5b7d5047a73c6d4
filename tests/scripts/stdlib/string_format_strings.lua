-- string.format with %s and %q: width, precision, metamethods, round trips.
print(string.format("[%s] [%10s] [%-10s] [%.2s] [%10.2s]", "abc", "abc", "abc", "abc", "abc"))
-- expect: [abc] [       abc] [abc       ] [ab] [        ab]
print(string.format("%s %s %s %s", nil, true, 12, 1.5), string.format("%s", setmetatable({}, { __tostring = function() return "T" end })))
-- expect: nil true 12 1.5 T
print(string.format("%q", 'a "quoted" \\ string\n\r\0\1\t' .. "x"))
-- expect: "a \"quoted\" \\ string\
-- expect: \13\0\1\9x"
print(string.format("%q", "\0001\0x\200"):gsub("\200", "?")) -- expect: "\0001\0x?" 1
print(string.format("%q %q %q %q", 1, 1.5, true, nil), string.format("%q", math.mininteger), string.format("%q", 0.1))
-- expect: 1 0x1.8p+0 true nil 0x8000000000000000 0x1.999999999999ap-4
print(string.format("%q %q", math.huge, -math.huge), string.format("%q", 2^63)) -- expect: 1e9999 -1e9999 0x1p+63
for _, v in ipairs({ "plain", 'q"q', "nl\nnl", "\0z\0" .. "9", "\r\n", "\\", "é", 0.1, 1e100, -0.0, 5, math.mininteger, math.maxinteger, true, math.huge }) do
  assert(load("return " .. string.format("%q", v))() == v)
end
print(pcall(string.format, "%q", {})) -- expect: false bad argument #2 to 'string.format' (value has no literal form)
print(pcall(string.format, "%10q", "x")) -- expect: false specifier '%q' cannot have modifiers
print(pcall(string.format, "%s")) -- expect: false bad argument #2 to 'string.format' (no value)
print(string.format("%s", ("x"):rep(1000)):len(), string.format("%.3s", ("x"):rep(1000))) -- expect: 1000 xxx
print(pcall(string.format, "%10s", "a\0b")) -- expect: false bad argument #2 to 'string.format' (string contains zeros)
print(string.format("%s|%.5s", "a\0b", "x"):gsub("\0", "0")) -- expect: a0b|x 1
print(string.format("%-5s|%5s|%s", "é", "é", ""), string.format("%s %s", 1, 2, 3)) -- expect: é   |   é| 1 2
print(string.format("%p", 1), string.format("%p", nil), string.format("%p", {}) ~= string.format("%p", {})) -- expect: (null) (null) true
local t = {}
print(string.format("%p", t) == tostring(t):match("0x%x+"), string.format("%p", "abc") == string.format("%p", "abc")) -- expect: true true
print(string.format("%5s%%", 50), ("%s=%s"):rep(2, "&"):format("a", 1, "b", 2)) -- expect:    50% a=1&b=2
print(pcall(string.format, "%s", setmetatable({}, { __tostring = function() return {} end })))
-- expect: false '__tostring' must return a string
