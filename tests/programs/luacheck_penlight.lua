-- luacheck, the linter, over the Lua files of penlight: lexer, parser, flow
-- analysis and report. Its exit status says that it found something.
local files = {}
for name in io.popen("LC_ALL=C ls /usr/share/lua/5.1/pl"):lines() do
  if name:match("%.lua$") then files[#files + 1] = "/usr/share/lua/5.1/pl/" .. name end
end
assert(#files > 30, "penlight is not installed")
arg = { [0] = "luacheck", "--no-config", "--no-color", "--codes", "--ranges", "--std", "max", table.unpack(files) }
require("luacheck.main")
