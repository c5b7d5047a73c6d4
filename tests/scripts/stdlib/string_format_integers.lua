-- string.format with %d %i %u-like, %x %X %o %c: flags, width, precision.
print(string.format("[%d] [%5d] [%-5d] [%05d] [%+d] [% d]", 42, 42, 42, 42, 42, 42)) -- expect: [42] [   42] [42   ] [00042] [+42] [ 42]
print(string.format("[%.3d] [%8.3d] [%-8.3d] [%+.3d]", 7, 7, 7, 7)) -- expect: [007] [     007] [007     ] [+007]
print(string.format("%d %d", math.maxinteger, math.mininteger), string.format("%i", 5)) -- expect: 9223372036854775807 -9223372036854775808 5
print(string.format("%x %X %#x %#X %08x", 255, 255, 255, 255, 255), string.format("%x", -1))
-- expect: ff FF 0xff 0XFF 000000ff ffffffffffffffff
print(string.format("%o %#o", 8, 8), string.format("%c%c%c", 76, 117, 97)) -- expect: 10 010 Lua
print(string.format("[%5c] [%-5c]", 65, 66)) -- expect: [    A] [B    ]
print(string.format("%d", 3.0), string.format("%d", "10"), string.format("%x", "0x10"), string.format("%d", -0.0)) -- expect: 3 10 10 0
print(pcall(string.format, "%d", 3.5)) -- expect: false bad argument #2 to 'string.format' (number has no integer representation)
print(pcall(string.format, "%d", "3.5")) -- expect: false bad argument #2 to 'string.format' (number has no integer representation)
print(pcall(string.format, "%d", "x")) -- expect: false bad argument #2 to 'string.format' (number expected, got string)
print(pcall(string.format, "%d")) -- expect: false bad argument #2 to 'string.format' (no value)
print(pcall(string.format, "%d", 2^63)) -- expect: false bad argument #2 to 'string.format' (number has no integer representation)
print(pcall(string.format, "%123d", 1)) -- expect: false invalid conversion specification: '%123d'
print(pcall(string.format, "%.123d", 1)) -- expect: false invalid conversion specification: '%.123d'
print(pcall(string.format, "%0-+ #d", 1)) -- expect: false invalid conversion specification: '%0-+ #d'
print(pcall(string.format, "%", 1)) -- expect: false invalid conversion '%' to 'format'
print(pcall(string.format, "%z", 1)) -- expect: false invalid conversion '%z' to 'format'
print(string.format("%%"), string.format("100%% %d%%", 5), string.format("no specs"), string.format("", 1, 2)) -- expect: % 100% 5% no specs 
print(string.format("%5d|%-5d|%05d", -42, -42, -42), string.format("% 5d|% -5d|", 42, 42)) -- expect:   -42|-42  |-0042    42| 42  |
print(string.format("%99d", 1):len(), string.format("%.99d", 1):len(), string.format("%-99d|", 1):len()) -- expect: 99 99 100
print(string.format("%d %s %d", 1, "two", 3), string.format("%s %s %s", 1, 2.0, -3)) -- expect: 1 two 3 1 2.0 -3
