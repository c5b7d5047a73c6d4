-- luacheck over its own sources, with other options: complexity, formatter.
local files = {}
for name in io.popen("LC_ALL=C ls /usr/share/lua/5.1/luacheck/*.lua /usr/share/lua/5.1/luacheck/stages/*.lua"):lines() do
  files[#files + 1] = name
end
assert(#files > 40, "luacheck is not installed")
arg = { [0] = "luacheck", "--no-config", "--no-color", "--max-cyclomatic-complexity", "15", "--max-line-length", "100", "--formatter", "plain", table.unpack(files) }
require("luacheck.main")
