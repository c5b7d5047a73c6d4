-- Numeric and string literals in all their forms.
print(0xff, 0XA, 0xfp1, 0x.8, 0x1p-2, 0xA.8p0, 0x10p+1) -- expect: 255 10 30.0 0.5 0.25 10.5 32.0
print(3, 3., .5, 3e2, 3E-2, 0.31416E1, 34e1) -- expect: 3 3.0 0.5 300.0 0.03 3.1416 340.0
print(0xffffffffffffffff, 0x7fffffffffffffff, 0x1ffffffffffffffff) -- expect: -1 9223372036854775807 -1
print(9223372036854775807, 9223372036854775808, -9223372036854775808) -- expect: 9223372036854775807 9.2233720368548e+18 -9.2233720368548e+18
print("a\tb" == "a	b", 'single "quotes"', "double 'quotes'") -- expect: true single "quotes" double 'quotes'
local joined = "\z
       joined"
local broken = "a\
b"
print("\65\066\x41\u{41}\u{20AC}", joined, #broken) -- expect: ABAA€ joined 3
local long = [[

first newline is dropped]]
local level = [==[with ]] inside]==]
print(long, level, #long)
-- expect:
-- expect: first newline is dropped with ]] inside 25
print("\a\b\f\n\r\t\v\\\"\'" == "\7\8\12\10\13\9\11\92\34\39") -- expect: true
print(#"\0a\0", ("\u{7FFFFFFF}"):byte(1, -1)) -- expect: 3 253 191 191 191 191 191
print(load("return '\\xZZ'")) -- expect: nil [string "return '\xZZ'"]:1: hexadecimal digit expected near ''\xZ'
print(load("return '\\400'")) -- expect: nil [string "return '\400'"]:1: decimal escape too large near ''\400''
print(load("return '\\q'")) -- expect: nil [string "return '\q'"]:1: invalid escape sequence near ''\q'
print(load("return 'abc")) -- expect: nil [string "return 'abc"]:1: unfinished string near <eof>
print(load("return [[abc"))
-- expect: nil [string "return [[abc"]:1: unfinished long string (starting at line 1) near <eof>
print(load("return '\\u{110000000}'")) -- expect: nil [string "return '\u{110000000}'"]:1: UTF-8 value too large near ''\u{110000000'
print(load("return 3x")) -- expect: nil [string "return 3x"]:1: malformed number near '3x'
print(load("return 0x")) -- expect: nil [string "return 0x"]:1: malformed number near '0x'
print(load("return 1e")) -- expect: nil [string "return 1e"]:1: malformed number near '1e'
print(load("x = }")) -- expect: nil [string "x = }"]:1: unexpected symbol near '}'
print(load("x = = 1")) -- expect: nil [string "x = = 1"]:1: unexpected symbol near '='
