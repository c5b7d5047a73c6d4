-- stress: off
-- Deeply nested source gives an error, not a crash of the parser.
local function try(src)
  local _, f, e = pcall(load, src, "=deep")
  return f and "compiled" or e:match("C stack overflow") or e:match("too many [%a ]+")
end
-- what runs out first here depends on how registers are allocated
local function refused(src) return load(src) == nil end
print(try("return " .. ("("):rep(10000) .. "1" .. (")"):rep(10000))) -- expect: C stack overflow
print(try("return " .. ("{"):rep(10000) .. ("}"):rep(10000))) -- expect: C stack overflow
print(try("x = " .. ("-"):rep(1):rep(10000, " ") .. "1")) -- expect: C stack overflow
print(try("return " .. ("not "):rep(10000) .. "1")) -- expect: C stack overflow
print(try(("do "):rep(10000) .. ("end "):rep(10000))) -- expect: C stack overflow
print(try(("if x then "):rep(10000) .. ("end "):rep(10000))) -- expect: C stack overflow
print(try(("while x do "):rep(10000) .. ("end "):rep(10000))) -- expect: C stack overflow
print(try("return " .. ("function() return "):rep(10000) .. ("end "):rep(10000))) -- expect: C stack overflow
print(try("return " .. ("1 .. "):rep(10000) .. "1")) -- expect: C stack overflow
print(try("return " .. ("2 ^ "):rep(10000) .. "1")) -- expect: C stack overflow
print(try("x = " .. ("a."):rep(20000) .. "b")) -- expect: compiled
print(try("x = a" .. ("[1]"):rep(20000))) -- expect: compiled
print(try("return " .. ("1 + "):rep(20000) .. "1")) -- expect: compiled
print(try("return " .. ("f("):rep(10000) .. (")"):rep(10000))) -- expect: C stack overflow
print(try("a" .. ("()"):rep(20000))) -- expect: compiled
print(refused(("f{"):rep(10000) .. ("}"):rep(10000))) -- expect: true
print(try("x" .. (".x"):rep(10) .. (",x"):rep(300) .. " = 1")) -- expect: C stack overflow
print(try(("repeat "):rep(10000) .. ("until x "):rep(10000))) -- expect: C stack overflow
print(refused(("for i = 1, 2 do "):rep(10000) .. ("end "):rep(10000))) -- expect: true
