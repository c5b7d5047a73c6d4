-- Every module of penlight loads, and holds the same names.
local names = {}
for name in io.popen("LC_ALL=C ls /usr/share/lua/5.4/pl"):lines() do names[#names + 1] = name:match("^(.*)%.lua$") end
assert(#names > 30, "penlight is not installed")
for _, name in ipairs(names) do
  if name ~= "strict" then
    local ok, m = pcall(require, "pl." .. name)
    local fields = {}
    if ok and type(m) == "table" then for k in pairs(m) do fields[#fields + 1] = tostring(k) end end
    table.sort(fields)
    print(name, ok, type(m), ok and table.concat(fields, " ") or m)
  end
end
local strict = require("pl.strict")
print(pcall(function() return surely_undefined end))
print(pcall(function() surely_undeclared = 1 end))
global_at_top = 5
print(global_at_top, type(strict))
