-- Reading numbers with the n format: what is consumed, where it stops.
local name = os.tmpname()
local function try(text, ...)
  local f = io.open(name, "w"); f:write(text); f:close()
  f = io.open(name)
  print(f:read(...))
  f:close()
end
try("12 34", "n", "n", "n") -- expect: 12 34 nil
try("  -5.5e2xyz", "n", "l") -- expect: -550.0 xyz
try("0x1Fg", "n", "l") -- expect: 31 g
try("0x", "n", "l") -- expect: nil
try("1e", "n", "l") -- expect: nil
try("1e+", "n", "l") -- expect: nil
try("-", "n", "l") -- expect: nil
try("abc", "n", "l") -- expect: nil
try("1.2.3", "n", "n", "l") -- expect: 1.2 0.3 nil
try("0x.8p1 rest", "n", "l") -- expect: 1.0  rest
try(".e1", "n", "l") -- expect: nil
try("+7,8", "n", 1, "n") -- expect: 7 , 8
try("\n\n 42\n", "n", "l", "l") -- expect: 42  nil
try(("1"):rep(300), "n", "a") -- expect: nil
try("9223372036854775807 9223372036854775808", "n", "n") -- expect: 9223372036854775807 9.2233720368548e+18
try("", "n", "a", "l") -- expect: nil
os.remove(name)
