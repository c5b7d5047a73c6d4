-- string.pack and unpack with every option and values at the limits; string.format with every conversion.
local function p(...) print(pcall(...)) end
-- pack
for _, f in ipairs{"b","B","h","H","i","I","l","L","j","J","T","f","d","n","s","z","x","X","i1","i3","i7","i16","i17","i0","I16","s1","s2","s8","s17","c0","c5","c","!","!1","!16","!17","!3","<i4",">i4","=i4","<!4i8",">!8bi8","Xi4","bXi8","!8bXd","Xz","X","Xc1","xX","  i4 ","i4 i4","y","i99999999999", "s3","!i", "i1i2i3i4", "bxB", "!4 b h i", "bXi3","!4bXi3","!4bXi4"} do
  for _, v in ipairs{0, 1, -1, 127, 128, 255, 256, 1 << 31, math.maxinteger, math.mininteger, 1.5, 2.0, "abc", "12", "a\0b", ""} do
    local ok, s = pcall(string.pack, f, v, v, v, v)
    print(f, v, ok, ok and s:gsub(".", function(c) return ("%02x"):format(c:byte()) end) or s)
    if ok then p(string.unpack, f, s) p(string.unpack, f, s .. "xxxxxxxxxx", 2) p(string.unpack, f, s:sub(1, -2)) p(string.unpack, f, s, -1) p(string.unpack, f, s, 100) end
  end
  print(f, pcall(string.packsize, f))
end
p(string.packsize, "c99999999999") p(string.unpack, "c99999999999", "x") p(string.unpack, "i16", ("\255"):rep(16)) p(string.unpack, "i16", ("\255"):rep(8) .. "\0\0\0\0\0\0\0\1") p(string.unpack, "I9", ("\255"):rep(9)) p(string.unpack, "z", "abc") p(string.unpack, "z", "") p(string.unpack, "s1", "\5abc") p(string.packsize, ("i8"):rep(10)) p(string.packsize, "c2147483647") p(string.packsize, "c2147483647c10") p(string.packsize, "c9223372036854775807c10") p(string.pack) p(string.pack, "i") p(string.unpack, "i") p(string.unpack, "i4", "abcd", 5) p(string.unpack, "", "abcd", 5) p(string.unpack, "", "abcd", 6) p(string.unpack, "", "abcd", -4) p(string.unpack, "", "abcd", -5)
local function pf(...) print(pcall(string.format, ...)) end
local vals = {0, 1, -1, 42, math.maxinteger, math.mininteger, 0.0, -0.0, 1.5, 1e15, 1e16, 1e100, 1e-10, 1/0, -1/0, 123456.789, 5e-324, 1.7976931348623157e308, "10", "0x10", "abc", true, nil, {} and "t", "3.0"}
local n = 0
for _, c in ipairs{"d","i","u","o","x","X","c","a","A","e","E","f","F","g","G","p","q","s","n","y","%"} do
  for _, f in ipairs{"", "-", "+", " ", "#", "0", "5", "-5", "05", "+5", ".0", ".3", "10.3", "-10.3", "010.3", "+.3", "#.3", ".", "99", "100", ".99", ".100", "-+ #0", "--", "++", "#010", " 5", "-010", "+ 3", "123", "1.123", ".-3", "0-5", "# 8.2"} do
    for i = 1, #vals do local v = vals[i]
      if c ~= "p" then pf("%" .. f .. c, v) end
    end
  end
end
pf("%") pf("%d") pf("%z", 1) pf("%5") pf("%d %d", 1) pf("%s", setmetatable({}, {__tostring = function() return "ts" end})) pf("%s", setmetatable({}, {__tostring = function() return 1 end})) pf("%.3s", "abcdef") pf("%5.1s|", "abc") pf("%s", "a\0b") pf("%5s", "a\0b") pf("%q", "a\0b\n\r\"\\\1\0019\200") pf("%q", 1/3) pf("%q", math.mininteger) pf("%q", 0/0) pf("%q", {}) pf("%q") pf("%10q", "x") pf("%c%c%c", 0, 65, 255) pf("%p", 1)  pf("%20p|", nil) pf("%-20p|", 1) pf("%.3p", {}) pf("%i", "5") pf("%d", 3.0) pf("%d", 3.5) pf("%d", "3.5") pf("%x", -1) pf("%c", 1e10) pf("%s", ("x"):rep(200)) pf("%.20s", ("x"):rep(200)) pf("%5.2f%%", 3.14159) pf("%a", 0.5) pf("%.1a", 1.999) pf("%.0a", 1.5) pf("%.0e", 15) pf("%#.0f", 3) pf("%#x", 255) pf("%#o", 8) pf("%+d", 5) pf("% d", 5)
