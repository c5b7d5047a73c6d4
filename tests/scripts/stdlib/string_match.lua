-- string.match: classes, sets, quantifiers, captures, back-references, frontier.
print(("2024-03-15"):match("(%d+)-(%d+)-(%d+)")) -- expect: 2024 03 15
print(("  x  "):match("%S+"), ("abc123"):match("%a+"), ("abc123"):match("%d+$")) -- expect: x abc 123
print(("hello"):match(".-l"), ("hello"):match(".*l"), ("hello"):match("l?l?lo")) -- expect: hel hell llo
print(("[[nested]]"):match("%[%[(.-)%]%]"), ("a]b"):match("[]]"), ("a-b"):match("[a%-]+"), ("a^b"):match("[%^b]+"))
-- expect: nested ] a- ^b
print(("x=1"):match("^(%w)=(%d)$"), ("x=1;"):match("^(%w)=(%d)$")) -- expect: x nil
print(("abc"):match("((a)(b)(c))"), ("abc"):match("()b()")) -- expect: abc 2 3
print(("say 'hi' \"ho\""):match("(['\"])(.-)%1")) -- expect: ' hi
print(("THE (quick) fox"):find("%f[%a]%a+%f[%A]"), ("THE (quick) fox"):match("%f[%l]%l+")) -- expect: 1 quick
print(("0x1F"):match("^0[xX](%x+)$"), ("café"):match("[\128-\255]+") == "é") -- expect: 1F true
print(("\t\n x"):match("%g"), ("a,b"):match("%p"), ("\1x"):match("%c") == "\1", ("Xy"):match("%u%l")) -- expect: x , true Xy
print(("key = val"):match("^(%w+)%s*=%s*(%w+)$")) -- expect: key val
print(("abc"):match("[^b]+"), ("abc"):match("[^%a]"), ("aBc"):match("[A-Z]"), ("a.b"):match("%w%W%w")) -- expect: a nil B a.b
print(("hello"):match("", 10), ("hello"):match("l", -1), ("hello"):match("(l)(l)", 2)) -- expect: nil nil l l
print(("aaa"):match("a-"), ("aaa"):match("^a-$"), ("aaa"):match("a*?")) -- expect:  aaa nil
print(("ab12cd"):match("%D+(%d+)%D+"), ("x"):match("(x)()")) -- expect: 12 x 2
print(("a%b"):match("%%"), ("a.b"):match("a%.b"), ("$x"):match("%$x")) -- expect: % a.b $x
local m = table.pack(("abcdefghij"):match("(.)(.)(.)(.)(.)(.)(.)(.)(.)(.)"))
print(m.n, table.concat(m, "", 1, m.n)) -- expect: 10 abcdefghij
