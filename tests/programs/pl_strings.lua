-- penlight: stringx, text, template, sip, lexer, luabalanced, utils, url.
local show = require("show")
local stringx, template, sip, lexer, utils = require("pl.stringx"), require("pl.template"), require("pl.sip"), require("pl.lexer"), require("pl.utils")
local text, url, types = require("pl.text"), require("pl.url"), require("pl.types")
show(function() return stringx.split("a b  c"), stringx.split("a,b,c", ",", 2), stringx.strip("  x "), stringx.lstrip("--x", "-"), stringx.startswith("hello", "he"), stringx.endswith("hello", { "lo", "x" }) end)
show(function() return stringx.center("x", 7, "*"), stringx.ljust("ab", 5, "."), stringx.rjust("ab", 5), stringx.title("hello wORLD"), stringx.count("banana", "an"), stringx.replace("a.b.a", "a", "x", 1), stringx.join(",", { 1, 2 }) end)
show(function() return stringx.partition("k=v=w", "="), stringx.rpartition("k=v=w", "="), stringx.isalpha("abc"), stringx.isdigit("12a"), stringx.isspace(" \t"), stringx.expandtabs("a\tb", 4), stringx.lfind("hello", "l"), stringx.rfind("hello", "l"), stringx.shorten("a long text", 8) end)
show(function() for line in stringx.lines("one\ntwo\n\nthree") do io.write("[", line, "]") end end)
show(function() return stringx.splitlines("x\ny\r\nz"), stringx.quote_string("a\n\"b\""), stringx.swapcase and true, stringx.at("abc", 2) end)
show(function() return text.indent("a\nb", 2, "> "), text.dedent("    x\n      y\n    z"), text.wrap("the quick brown fox jumps over the lazy dog", 15), text.fill("aa bb cc dd", 5) end)
local tmpl = [[
# for i, v in ipairs(items) do
* $(i): $(v:upper()) $(odd(i) and "odd" or "even")
# end
# if flag then
flag is set
# else
no flag
# end
Total $(#items)
]]
show(function() return template.substitute(tmpl, { ipairs = ipairs, items = { "a", "b", "c" }, odd = function(i) return i % 2 == 1 end, flag = false, _brackets = "()" }) end)
show(function() return template.substitute((tmpl:gsub(" %$%(odd%(i%)[^)]*%)", "")), { ipairs = ipairs, items = { "x" }, flag = true }) end)
show(function() return template.substitute("$(missing.x)", {}) end)
local compiled = template.compile("Hello $(name)!", { debug = true })
show(function() return compiled:render({ name = "moon" }), compiled:render({ name = "sun" }), select(2, template.compile("# if\n")) ~= nil end)
local res = {}
show(function() return sip.match("$v{name}=$d{value}", "count=42", res), res.name, res.value, sip.match("($f{x},$f{y})", "(1.5,-2)", res), res.x, res.y, sip.match("$q{s}", "'quoted'", res), res.s, sip.compile("$S{a} $S{b}")("p q", res), res.b end)
show(function() for t, v in lexer.scan('alpha = sin(1.5e3, "str") -- comment', nil, { space = true }) do io.write(t, ":", tostring(v), " ") end end)
print()
show(function() for t, v in lexer.lua("local function f(...) return a//b, 0x1F, [[long]], 'x\\n' ~= nil end --[[c]] goto l ::l::", { space = true }) do io.write(t, "=", tostring(v), "|") end end)
print()
show(function() for t, v in lexer.cpp("for (int i = 0; i < 10; ++i) { x->y += 'c'; } // end\n#define X 1", { space = true }) do io.write(t, "=", tostring(v), "|") end end)
print()
show(function() return url.quote("a b&c/é?"), url.unquote("a%20b%26"), url.quote("a b", true), utils.escape("a.b*c"), utils.choose(true, 1, 2), utils.unpack(utils.pack(1, nil, 3)) end)
show(function() return utils.split("a1b2c", "%d"), #utils.split("a  b"), utils.splitv("k:v", ":"), utils.bind1(math.max, 10)(3), utils.memoize(function(x) return x * 2 end)(21), utils.string_lambda("|x,y| x+y")(2, 3), types.is_callable(print) end)
show(function() return types.is_empty({}), types.is_empty(" ", true), types.to_bool("yes"), types.type(1), types.is_integer(5.0), types.is_iterable({}), pcall(utils.assert_arg, 1, 5, "string") end)
show(function() return select(2, pcall(utils.assert_string, 2, {})), utils.quote_arg("it's"), utils.npairs({ n = 2, 1, nil }) ~= nil, require("pl.compat").lua51 end)
