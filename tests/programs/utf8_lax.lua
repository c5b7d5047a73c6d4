-- utf8, strict and lax.
local function p(...) print(pcall(...)) end
local strs = {"", "abc", "é", "日本", "\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xfc\x84\x80\x80\x80\x80", "\xfd\xbf\xbf\xbf\xbf\xbf", "\xe6\x97", "\xe6\x97z", "\xf0\x9f\x98\x80", "a\0b", "\xe0\x80\x80", "\xfe\x80\x80\x80\x80\x80\x80"}
for _, s in ipairs(strs) do for _, lax in ipairs{false, true} do
  p(utf8.len, s, 1, -1, lax) for i = -3, 5 do for j = -3, 5 do p(utf8.len, s, i, j, lax) p(utf8.codepoint, s, i, j, lax) p(utf8.offset, s, i, j) end p(utf8.offset, s, i) p(utf8.codepoint, s, i) end
  p(function() for a, c in utf8.codes(s, lax) do io.write(a, ":", c, " ") end print() end) end end
for _, c in ipairs{0, 127, 128, 0x7ff, 0x800, 0xffff, 0x10000, 0x10ffff, 0x110000, 0x1fffff, 0x3ffffff, 0x7fffffff, 0x80000000, -1} do p(utf8.char, c) p(utf8.char, 65, c) end p(utf8.char) p(utf8.char, 1.5) p(utf8.char, "65") print(utf8.charpattern) p(utf8.codes, {}) p(utf8.len, {}) p(utf8.offset, "abc", 1, 10) p(utf8.offset, "é", 1, 2) p(utf8.codepoint, "abc", 1, 1e9) p(utf8.codepoint, ("a"):rep(300), 1, 300)
