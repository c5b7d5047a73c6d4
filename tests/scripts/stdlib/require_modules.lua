-- require: package.path, loaded, preload, searchers, arguments, error texts.
package.path = "./modules/?.lua;./modules/?/init.lua"
local m, where = require("simple")
print(m.name, where, m.args[1], m.args[2] == where) -- expect: simple module ./modules/simple.lua simple true
print(require("simple") == m, package.loaded.simple == m) -- expect: true true
print(require("dir.nested").value, require("pkg").value) -- expect: nested value package value
print(require("returns_nothing"), package.loaded.returns_nothing) -- expect: true true
print(require("returns_false"), package.loaded.returns_false) -- expect: false false
package.preload.virtual = function(...) return { args = { ... } } end
local v, extra = require("virtual")
print(v.args[1], v.args[2], extra) -- expect: virtual :preload: :preload:
package.loaded.simple = nil
print(require("simple") ~= m) -- expect: true
print(pcall(require, "broken"))
-- expect: false error loading module 'broken' from file './modules/broken.lua':
-- expect:  ./modules/broken.lua:2: unexpected symbol near '='
print((select(2, pcall(require, "fails_at_runtime")))) -- expect: ./modules/fails_at_runtime.lua:2: module failed
package.cpath = "./?.so"
print((select(2, pcall(require, "not.there"))))
-- expect: module 'not.there' not found:
-- expect:  no field package.preload['not.there']
-- expect:  no file './modules/not/there.lua'
-- expect:  no file './modules/not/there/init.lua'
-- expect:  no file './not/there.so'
-- expect:  no file './not.so'
print(package.searchpath("simple", package.path), package.searchpath("dir.nested", "./modules/?.lua"))
-- expect: ./modules/simple.lua ./modules/dir/nested.lua
print(package.searchpath("missing", "./a/?.lua;./b/?.x"))
-- expect: nil no file './a/missing.lua'
-- expect:  no file './b/missing.x'
print(package.searchpath("a-b", "?_?", "-", "+")) -- expect: nil no file 'a+b_a+b'
table.insert(package.searchers, 2, function(name) if name == "magic" then return function(n, e) return n .. e end, "!extra" end return "no magic for '" .. name .. "'" end)
print(require("magic")) -- expect: magic!extra !extra
print((select(2, pcall(require, "nothing")):gsub("\n%s*no file[^\n]*", "")))
-- expect: module 'nothing' not found:
-- expect:  no field package.preload['nothing']
-- expect:  no magic for 'nothing'
print(#package.config, package.config:sub(1, 1), pcall(require))
-- expect: 10 / false bad argument #1 to 'require' (string expected, got no value)
package.path = nil
print(pcall(require, "whatever")) -- expect: false 'package.path' must be a string
