-- flags: --heap-max 32M
-- stress: off
-- collects: yes
-- Natives that make something large collect what is garbage before they are refused memory.

-- Each string is garbage when the next is made; two would not fit.
for i = 1, 8 do
  local s = string.rep("x", 20 << 20)
  assert(#s == 20 << 20)
end
print("rep") -- expect: rep

-- The same with a separator, which an argument makes on the way.
for i = 1, 8 do
  local s = string.rep("x", 5 << 20, ("ab"):rep(2))
  assert(#s == 25 * (1 << 20) - 4)
end
print("rep with a separator") -- expect: rep with a separator

-- What compiling a source takes, 100,000 tokens and more, beside 20 MB of garbage.
local source = ("a = a + a\n"):rep(20000) .. "return 7"
for i = 1, 8 do
  local s = string.rep("x", 20 << 20)
  s = nil
  local f <const> = assert(load(source))
  a = 1
  assert(f() == 7)
end
print("load") -- expect: load

-- And of a source that comes in pieces.
for i = 1, 8 do
  local s = string.rep("x", 20 << 20)
  s = nil
  local pieces = 0
  local f <const> = assert(load(function()
    pieces = pieces + 1
    if pieces == 1 then return source end
  end))
  assert(f() == 7)
end
print("load of pieces") -- expect: load of pieces

-- What is alive still counts.
local kept = string.rep("x", 20 << 20)
print(select(2, pcall(string.rep, "y", 20 << 20))) -- expect: not enough memory
print(#kept) -- expect: 20971520
