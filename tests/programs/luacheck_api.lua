-- luacheck as a library: checks of strings, warnings and errors in order.
local luacheck = require("luacheck")
local sources = {
  "local x = 1\nlocal y = x\nprint(z)",
  "for i = 1, 10 do local t = {a = 1, a = 2} end return unused",
  "local function f(a, b) local c if a then c = b end return c end",
  "goto done local a ::done:: x = = 1",
  "while true do break end local s = 'trailing' \nreturn s.y.z, s[1], ...",
  "local t = setmetatable({}, {__index = function(_, k) return k end}) t.a = t.b",
  "if x then elseif y then else end do end local a <const> = 1; local b <close> = nil",
}
local report = luacheck.check_strings(sources, { std = "lua54", max_line_length = 60 })
print("warnings", report.warnings, "errors", report.errors, "fatals", report.fatals)
for i, file in ipairs(report) do
  for _, w in ipairs(file) do
    print(i, w.line, w.column, w.code, w.name or "-", luacheck.get_message(w))
  end
end
