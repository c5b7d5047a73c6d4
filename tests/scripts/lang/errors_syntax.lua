-- Syntax errors: what was expected, near what, and where a block began.
local function try(src) print((select(2, load(src, "=src")))) end
try("x") -- expect: src:1: syntax error near <eof>
try("x =") -- expect: src:1: unexpected symbol near <eof>
try("local") -- expect: src:1: <name> expected near <eof>
try("local 1") -- expect: src:1: <name> expected near '1'
try("if x then") -- expect: src:1: 'end' expected near <eof>
try("if x\nthen\n\n") -- expect: src:4: 'end' expected (to close 'if' at line 1) near <eof>
try("for i = 1 do end") -- expect: src:1: ',' expected near 'do'
try("for i in do end") -- expect: src:1: unexpected symbol near 'do'
try("for 1 = 1, 2 do end") -- expect: src:1: <name> expected near '1'
try("function f( end") -- expect: src:1: <name> or '...' expected near 'end'
try("function f.g:h.i() end") -- expect: src:1: '(' expected near '.'
try("return return") -- expect: src:1: unexpected symbol near 'return'
try("x = 'a\nb'") -- expect: src:1: unfinished string near ''a'
try("f(") -- expect: src:1: unexpected symbol near <eof>
try("a.1 = 2") -- expect: src:1: syntax error near '.1'
try("a + b") -- expect: src:1: syntax error near '+'
try("f() = 1") -- expect: src:1: syntax error near '='
try("x = {1, 2") -- expect: src:1: '}' expected near <eof>
try("x = {1\n\n") -- expect: src:3: '}' expected (to close '{' at line 1) near <eof>
try("while true do\n\nfoo(") -- expect: src:3: unexpected symbol near <eof>
try("repeat local x") -- expect: src:1: 'until' expected near <eof>
try("local t = { a = }") -- expect: src:1: unexpected symbol near '}'
try("x = ~") -- expect: src:1: unexpected symbol near <eof>
try("x = 1 .. ") -- expect: src:1: unexpected symbol near <eof>
try("goto 1") -- expect: src:1: <name> expected near '1'
try("::a") -- expect: src:1: '::' expected near <eof>
try("break x") -- expect: src:1: syntax error near <eof>
try("local function 5() end") -- expect: src:1: <name> expected near '5'
try("x = function") -- expect: src:1: '(' expected near <eof>
try("x = @") -- expect: src:1: unexpected symbol near '@'
try("x = $y") -- expect: src:1: unexpected symbol near '$'
try("x = 'unclosed") -- expect: src:1: unfinished string near <eof>
try("--[[ unclosed comment")
-- expect: src:1: unfinished long comment (starting at line 1) near <eof>
try("x = [==[ unclosed")
-- expect: src:1: unfinished long string (starting at line 1) near <eof>
try("and = 1") -- expect: src:1: unexpected symbol near 'and'
try("x, y") -- expect: src:1: '=' expected near <eof>
try("x, f() = 1, 2") -- expect: src:1: syntax error near '='
try("(a) = 1; (a)") -- expect: src:1: syntax error near '='
try("local x <const") -- expect: src:1: '>' expected near <eof>
try("return 1,") -- expect: src:1: unexpected symbol near <eof>
try("x = a.b:c") -- expect: src:1: function arguments expected near <eof>
try("return ...; x = 1") -- expect: src:1: <eof> expected near 'x'
try("x = 0xg") -- expect: src:1: malformed number near '0xg'
try("x = 1..2") -- expect: src:1: malformed number near '1..2'
try("x = \"\\u{zz}\"") -- expect: src:1: hexadecimal digit expected near '"\u{z'
try("x = \"\\300\"") -- expect: src:1: decimal escape too large near '"\300"'
try("end") -- expect: src:1: <eof> expected near 'end'
try("until x") -- expect: src:1: <eof> expected near 'until'
try("local a = {} a.b:c = 1") -- expect: src:1: function arguments expected near '='
try("x = }") -- expect: src:1: unexpected symbol near '}'
try("\27Lua") -- expect: src: bad binary format (truncated chunk)
print(load("x = 1 1", "@file.lua")) -- expect: nil file.lua:1: unexpected symbol near '1'
print(load("x = 1 1", "some\nsource")) -- expect: nil [string "some..."]:1: unexpected symbol near '1'
print(load("x = 1 1", "a long source that does not fit into the sixty characters of a short source name"))
-- expect: nil [string "a long source that does not fit into the sixt..."]:1: unexpected symbol near '1'
