-- utf8: char, len, codepoint, codes, offset, charpattern, invalid input.
print(utf8.char(72, 228, 8364, 128512), utf8.char(), #utf8.char(0x7FFFFFFF), utf8.char(0):byte()) -- expect: Hä€😀  6 0
print(utf8.len("häß€😀"), utf8.len(""), utf8.len("abc", 2), utf8.len("abc", 4), utf8.len("häß", -1)) -- expect: 5 0 2 0 nil 5
print(utf8.len("\xff"), utf8.len("ab\x80"), utf8.len("a\xe4b"), utf8.len("\xed\xa0\x80"), utf8.len("\xed\xa0\x80", 1, -1, true))
-- expect: nil nil nil nil 1
print(utf8.codepoint("a€", 1, -1), utf8.codepoint("abc", 2), select("#", utf8.codepoint("abc", 3, 2))) -- expect: 97 98 0
for p, c in utf8.codes("aé€") do print(p, c) end
-- expect: 1 97
-- expect: 2 233
-- expect: 4 8364
print(utf8.offset("aé€b", 3), utf8.offset("aé€b", -1), utf8.offset("aé€b", 5), utf8.offset("aé€b", 6), utf8.offset("aé€b", 0, 3), utf8.offset("abc", 1, 2))
-- expect: 4 7 8 nil 2 2
for c in ("aé€"):gmatch(utf8.charpattern) do io.write("<", c, ">") end
print("") -- expect: <a><é><€>
print(utf8.charpattern == "[\0-\x7F\xC2-\xFD][\x80-\xBF]*") -- expect: true
print(pcall(utf8.codepoint, "\xff")) -- expect: false invalid UTF-8 code
print(pcall(utf8.len, "abc", 5)) -- expect: false bad argument #2 to 'utf8.len' (initial position out of bounds)
print(pcall(utf8.offset, "é", 1, 2)) -- expect: false initial position is a continuation byte
print(pcall(utf8.char, -1)) -- expect: false bad argument #1 to 'utf8.char' (value out of range)
print(pcall(utf8.codepoint, "abc", 1, 4)) -- expect: false bad argument #3 to 'utf8.codepoint' (out of bounds)
print(pcall(function() for _ in utf8.codes("a\xffb") do end end)) -- expect: false utf8.lua:21: invalid UTF-8 code
print(utf8.len("\u{10FFFF}"), utf8.len("\u{110000}"), utf8.len("\u{110000}", 1, -1, true), utf8.codepoint("\u{7FFFFFFF}", 1, 1, true))
-- expect: 1 nil 1 2147483647
print(utf8.len("\xc0\x80"), utf8.len("\xf8\x88\x80\x80\x80"), utf8.len("é", 2)) -- expect: nil nil nil 2
print(utf8.offset("abc", 4), utf8.offset("abc", 5), utf8.offset("", 1), utf8.offset("", 0)) -- expect: 4 nil 1 1
