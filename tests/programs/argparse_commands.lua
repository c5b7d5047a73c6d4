-- argparse: options, commands, help and usage texts, errors.
local argparse = require("argparse")
local function build()
  local parser = argparse("tool", "A tool with many options.", "See the manual."):require_command(false)
  parser:argument("input", "Input file."):args("?")
  parser:option("-o --output", "Output file.", "a.out")
  parser:option("-I --include", "Include locations."):count("*"):argname("<dir>")
  parser:option("--level", "How much."):convert(tonumber):choices({ "1", "2", "3" })
  parser:option("--pair", "Two values."):args(2)
  parser:flag("-v --verbose", "Say more."):count("0-3")
  parser:flag("-q --quiet")
  parser:mutex(parser:flag("--json", "As JSON."), parser:flag("--xml", "As XML."))
  parser:group("Advanced", parser:option("--seed", "Random seed."):convert(math.tointeger), parser:option("--mode"):default("fast"):hidden_name("--m"))
  local install = parser:command("install i", "Install a rock.")
  install:argument("rock"):args("1-3")
  install:option("--from"):count("*"):action("append")
  local list = parser:command("list", "List rocks.")
  list:flag("--all")
  return parser
end
local function show(v)
  if type(v) ~= "table" then return tostring(v) end
  local keys = {}
  for k in pairs(v) do keys[#keys + 1] = k end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  local out = {}
  for i, k in ipairs(keys) do out[i] = tostring(k) .. "=" .. show(v[k]) end
  return "{" .. table.concat(out, " ") .. "}"
end
local function try(...)
  local ok, result = build():pparse({ ... })
  print(ok, show(result))
end
try()
try("file.lua", "-o", "out", "-vv")
try("-I", "a", "-Ib", "--include=c", "--level", "2")
try("--pair", "x", "y", "-vq")
try("in", "install", "one", "two", "--from", "s1", "--from", "s2")
try("in", "i", "one")
try("in", "list", "--all")
try("--level", "9")
try("--unknown")
try("--outptu", "x")
try("--pair", "x")
try("--json", "--xml")
try("-vvvv")
try("a", "install")
try("a", "instal", "x")
try("--seed", "abc")
try("--", "-o")
print(build():get_usage())
print(build():get_help())
local simple = argparse("simple"):add_help(false)
simple:option("-n"):convert(function(x) return tonumber(x), "not a number: " .. x end)
print(simple:pparse({ "-n", "zz" }))
print(show(select(2, simple:pparse({ "-n7" }))))
