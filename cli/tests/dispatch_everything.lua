-- Every operation of the interpreter (see dispatch.rs), with operands for its
-- fast and its slow ways. Gives the number of rounds.
local rounds = ...
local select, pairs, ipairs, setmetatable, pcall, error =
  select, pairs, ipairs, setmetatable, pcall, error

local done, shared = 0, 0.5
counter = 0

local meta = {}
local function one() return 1 end
for _, name in ipairs {"add", "sub", "mul", "div", "mod", "idiv", "pow", "band", "bor", "bxor",
    "shl", "shr", "unm", "bnot", "len", "concat", "call"} do
  meta["__" .. name] = one
end
meta.__eq = function() return true end
meta.__lt = meta.__eq
meta.__le = meta.__eq
meta.__index = function(_, k) return k end
meta.__newindex = function() end
meta.__close = function() end

local function nothing() end
local function pass(...) return ... end
local function tail(x) return pass(x) end
local Class = {}
Class.__index = Class
function Class:get() return self.value end

local function loads(i)
  local a, b, c = nil, nil, i
  local f, s, t, u = 1.0, 0.1, true, false
  a = c
  counter = counter + 1
  shared = i
  return a, b, f, s, t, u, counter
end

local function arithmetic(a, b)
  local r
  r = a + b; r = a - b; r = a * b; r = a / b; r = a % b; r = a // b; r = a ^ b
  r = a & b; r = a | b; r = a ~ b; r = a << b; r = a >> b
  r = a + 3.5; r = a - 3.5; r = a * 3; r = a / 3; r = a % 3; r = a // 3; r = a ^ 2
  r = a & 5; r = a | 5; r = a ~ 5
  r = 3.5 + a; r = 7 - a; r = 3 * a; r = 3 / a; r = 1000 + a
  r = a + 1; r = a - 1; r = a << 2; r = a >> 2; r = 2 << a
  r = -a; r = ~a; r = not a
  return r
end

local function compare(a, b)
  local n = 0
  if a == b then n = n + 1 end
  if a ~= b then n = n + 1 end
  if a < b then n = n + 1 end
  if a <= b then n = n + 1 end
  if a > b then n = n + 1 end
  if a == 1.5 then n = n + 1 end
  if a ~= "x" then n = n + 1 end
  if a == 7 then n = n + 1 end
  if a ~= 8 then n = n + 1 end
  if a < 9 then n = n + 1 end
  if a <= 9 then n = n + 1 end
  if a > 9 then n = n + 1 end
  if a >= 9 then n = n + 1 end
  if not (a < b) then n = n + 1 end
  if not (a <= b) then n = n + 1 end
  if a == nil then n = n + 1 end
  if a ~= nil then n = n + 1 end
  if a then n = n + 1 end
  if not a then n = n + 1 end
  local x, y = a and b, a or b
  local z = a < b or b == a
  repeat n = n + 1 until a == b or a ~= 7 or a < 9 or a <= 9 or a > 9 or a >= 9 or n > 1000
  while a == b and n < 0 do n = n + 1 end
  while n < 0 do n = n + 1 end
  while n <= 0 do n = n + 1 end
  while n > 1000000 do n = n - 1 end
  while n >= 1000000 do n = n - 1 end
  while n == 1000000 do n = n - 1 end
  while a ~= b and n ~= n do n = n - 1 end
  while n == 0.5 do n = n - 1 end
  while n == nil do n = n - 1 end
  repeat n = n + 1 until n ~= 0.5
  repeat n = n + 1 until n ~= 7
  return n, x, y, z
end

local function tables(i, k)
  local t = {i, i + 1, x = i}
  local o = {x = i, y = 1, name = "n"}
  t[k] = i
  t[3] = o
  o.x = t[k]
  o.fresh = t.x
  t[k] = t[3].x
  local list = {pass(1, 2, 3)}
  local object = setmetatable({value = i}, Class)
  return #t + #list + object:get()
end

local function closures(i)
  local f
  do
    local x = i
    f = function() x = x + 1 return x end
  end
  do
    local c <close> = setmetatable({}, meta)
    f()
  end
  for _, v in pairs({a = 1, 2}) do if v == 5 then break end end
  for _, v in ipairs({1, 2}) do if v == 5 then break end end
  for x = 1, 2 do f = x end
  for x = 1.0, 2.0 do f = x end
  local s = "a" .. i .. "b"
  return f, s
end

local function varargs(...)
  local a, b = ...
  nothing()
  return select("#", ...), a, b
end

local one_more = setmetatable({}, meta)
local two_more = setmetatable({}, meta)
for i = 1, rounds do
  loads(i)
  arithmetic(i, 3)
  arithmetic(i + 0.0, 2.0)
  compare(i, 3)
  compare(i + 0.5, 2.5)
  tables(i, i % 7 + 4)
  tables(i, "key")
  closures(i)
  varargs(i, tail(i))
  if i % 4 == 0 then
    -- Metamethods, and errors, which unwind.
    pcall(arithmetic, one_more, two_more)
    pcall(arithmetic, one_more, i)
    pcall(arithmetic, "10", 2)
    pcall(arithmetic, i + 0.5, 2)
    pcall(arithmetic, {}, 2)
    pcall(compare, one_more, two_more)
    pcall(compare, "a", "b")
    pcall(compare, {}, {})
    pcall(compare, nil, 1)
    one_more.x = one_more.y
    one_more[i] = one_more[i + 1]
    one_more(i)
    local s = one_more .. i
    pcall(error, s)
  end
  done = done + 1
end
return done
