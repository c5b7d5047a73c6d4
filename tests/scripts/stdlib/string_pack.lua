-- string.pack, unpack and packsize: sizes, endianness, alignment, errors.
local function hex(s) return (s:gsub(".", function(c) return ("%02x"):format(c:byte()) end)) end
print(hex(string.pack("<i4", 100)), hex(string.pack(">i4", 100)), hex(string.pack("<i2", -2)), hex(string.pack("b", -1)))
-- expect: 64000000 00000064 feff ff
print(hex(string.pack("<I3", 0x010203)), hex(string.pack(">I3", 0x010203)), hex(string.pack("<i16", -2)))
-- expect: 030201 010203 feffffffffffffffffffffffffffffff
print(hex(string.pack("z", "hi")), hex(string.pack("s1", "hey")), hex(string.pack("<s2", "ab")), hex(string.pack("c5", "abc")))
-- expect: 686900 03686579 02006162 6162630000
print(hex(string.pack("<d", 1.5)), hex(string.pack(">d", 1.5)), hex(string.pack("<f", 0.5)), hex(string.pack("<n", -2)))
-- expect: 000000000000f83f 3ff8000000000000 0000003f 00000000000000c0
print(hex(string.pack("<!4 b i4", 1, 2)), hex(string.pack("<!4 i1 !4 i8", 1, 2)), hex(string.pack("<b x b", 1, 2)), hex(string.pack("<!4 b Xi4 b", 1, 2)))
-- expect: 0100000002000000 010000000200000000000000 010002 0100000002
print(string.unpack("<i4", "\1\0\0\0"), string.unpack(">I2", "\1\2"), string.unpack("b", "\xff"), string.unpack("B", "\xff"))
-- expect: 1 258 -1 255 2
print(string.unpack("z", "hello\0rest"), string.unpack("s1", "\3abcdef"), string.unpack("c2", "abcd")) -- expect: hello abc ab 3
print(string.unpack("<i2 i2", "\1\0\2\0"), string.unpack("<I4", "xx\1\0\0\0", 3), string.unpack("<i2", "\1\0\2\0", -2)) -- expect: 1 1 2 5
print(string.packsize("i4i8"), string.packsize("!8 i4 i8"), string.packsize("<b c10 d"), string.packsize("!4 b Xi4")) -- expect: 12 16 19 4
print(string.unpack("<d", string.pack("<d", math.pi)) == math.pi, string.unpack("<j", string.pack("<j", math.mininteger)) == math.mininteger)
-- expect: true true
print(string.unpack("<i16", string.pack("<i16", -3)), string.unpack(">J", string.pack(">J", -1))) -- expect: -3 -1 9
print(string.pack("z", "") == "\0", #string.pack("s", "abc"), string.unpack("s", string.pack("s", "abc"))) -- expect: true 11 abc 12
print(pcall(string.pack, "i1", 200)) -- expect: false bad argument #2 to 'string.pack' (integer overflow)
print(pcall(string.pack, "I1", 256)) -- expect: false bad argument #2 to 'string.pack' (unsigned overflow)
print(pcall(string.pack, "z", "a\0b")) -- expect: false bad argument #2 to 'string.pack' (string contains zeros)
print(pcall(string.pack, "s1", ("x"):rep(300))) -- expect: false bad argument #2 to 'string.pack' (string length does not fit in given size)
print(pcall(string.pack, "c2", "abc")) -- expect: false bad argument #2 to 'string.pack' (string longer than given size)
print(pcall(string.pack, "i17", 1)) -- expect: false integral size (17) out of limits [1,16]
print(pcall(string.pack, "q", 1)) -- expect: false invalid format option 'q'
print(pcall(string.unpack, "i4", "abc")) -- expect: false bad argument #2 to 'string.unpack' (data string too short)
print(pcall(string.unpack, "z", "abc")) -- expect: false bad argument #2 to 'string.unpack' (unfinished string for format 'z')
print(pcall(string.unpack, "<i9", ("\255"):rep(8) .. "\1")) -- expect: false 9-byte integer does not fit into Lua Integer
print(pcall(string.unpack, "i4", "abcd", 10)) -- expect: false bad argument #3 to 'string.unpack' (initial position out of string)
print(pcall(string.packsize, "s")) -- expect: false bad argument #1 to 'string.packsize' (variable-length format)
print(pcall(string.packsize, "z")) -- expect: false bad argument #1 to 'string.packsize' (variable-length format)
print(pcall(string.pack, "!3 i4", 1)) -- expect: false bad argument #1 to 'string.pack' (format asks for alignment not power of 2)
print(pcall(string.pack, "Xz")) -- expect: false bad argument #1 to 'string.pack' (invalid next option for option 'X')
print(pcall(string.pack, "d", "x")) -- expect: false bad argument #2 to 'string.pack' (number expected, got string)
print(pcall(string.pack, "c", "x")) -- expect: false missing size for format option 'c'
print(string.pack("<i1 i2 i4", 1, 2, 3):len(), string.pack(" < i2 ", 1):byte(1, -1)) -- expect: 7 1 0
