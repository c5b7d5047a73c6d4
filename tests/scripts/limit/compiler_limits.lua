-- stress: off
-- Limits of the compiler: locals, upvalues, registers, labels, constants.
local function try(src) local _, f, e = pcall(load, src, "=src"); return f and "compiled" or (e:gsub("near .*", "near ...")) end
local l = {}
for i = 1, 201 do l[i] = "local v" .. i .. " = " .. i end
print(try(table.concat(l, "\n", 1, 200)), try(table.concat(l, "\n")))
-- expect: compiled src:201: too many local variables (limit is 200) in main function near ...
print(try("local " .. ("a, "):rep(200) .. "b")) -- expect: src:1: too many local variables (limit is 200) in main function near ...
local up = {}
for i = 1, 260 do up[i] = "u" .. i end
local function nested(n)
  local parts, per = {}, 130
  for i = 1, n do
    if (i - 1) % per == 0 then parts[#parts + 1] = "local function f" .. i .. "()" end
    parts[#parts + 1] = "local u" .. i .. " = " .. i
  end
  parts[#parts + 1] = "return function() return " .. table.concat(up, " + ", 1, n) .. " end"
  for i = 1, n, per do parts[#parts + 1] = "end" end
  return table.concat(parts, "\n")
end
print(try(nested(250)), try(nested(256))) -- expect: compiled src:259: too many upvalues (limit is 255) in function at line 259 near ...
local args = {}
for i = 1, 300 do args[i] = "x" end
local _, registers = load("f(" .. table.concat(args, ",\n") .. ")", "=src")
print(registers) -- expect: src:255: function or expression needs too many registers near 'x'
print(try("return {" .. ("x, "):rep(5000) .. "}")) -- expect: compiled
print(try("local function f(" .. table.concat((function() local p = {} for i = 1, 201 do p[i] = "p" .. i end return p end)(), ", ") .. ") end"))
-- expect: src:1: too many local variables (limit is 200) in function at line 1 near ...
local consts = {}
for i = 1, 70000 do consts[i] = "x = " .. i .. ".5" end
print(try(table.concat(consts, "\n"))) -- expect: compiled
local long = ("x"):rep(100000)
print(try("local " .. long .. " = 1 return " .. long), load("return '" .. long .. "'")() == long) -- expect: compiled true
