-- What generated programs use (see main.rs); each `run` prints one line.
-- Few enough that recursion does not reach the depth at which the reference,
-- which runs metamethods and iterators on the C stack, gives up.
local STEPS, SHOWN = 60, 300
local steps, shown = 0, {}

-- NaNs and zeros lose their sign, addresses are hidden: no program can rely on
-- them, and the reference compiles `x - 0` as an addition. Lines in messages are
-- hidden too, because its 5.4.4 gets some of them wrong.
local function show(v)
  local s = tostring(v)
  if math.type(v) then
    if v == 0 then s = s:gsub("^%-", "") end
    return math.type(v):sub(1, 1) .. s:gsub("%-nan", "nan")
  elseif type(v) == "string" then
    return '"' .. s:gsub("%-nan", "nan"):gsub("0x%x%x%x%x%x%x%x%x+", "ADDRESS"):gsub("builtin: ", "function: ")
      :gsub("p:%d+:", "p:")
      :gsub("[^\32-\126]", function(c) return ("\\%d"):format(c:byte()) end) .. '"'
  end
  return (s:gsub(":.*", ""))
end

local lib = {math = math, coroutine = coroutine, select = select, type = type, pcall = pcall, ipairs = ipairs,
  show = show}

function lib.tostring(v)
  return show(v)
end

function lib.out(...)
  for i = 1, select("#", ...) do
    if #shown < SHOWN then shown[#shown + 1] = show((select(i, ...))) end
  end
  if #shown < SHOWN then shown[#shown + 1] = "" end
  return ...
end
local out = lib.out

-- Ends programs that loop.
function lib.tick()
  steps = steps + 1
  if steps > STEPS then error("enough", 0) end
  return true
end

function lib.number(v)
  return math.type(v) and v or 1
end

-- A number whose text is the same everywhere.
function lib.fix(n)
  if n ~= n then return "nan" elseif n == 0 then return 0 end
  return n
end

function lib.cut(s)
  return type(s) == "string" and s:sub(1, 60) or s
end

function lib.list(n)
  local t = {}
  for i = 1, n do t[i] = i * 10 end
  return t
end

-- Keys with their values, in an order that all implementations have.
function lib.sorted(t)
  local keys = {}
  for k in pairs(t) do
    if math.type(k) or type(k) == "string" then keys[#keys + 1] = k end
  end
  table.sort(keys, function(a, b)
    if type(a) ~= type(b) then return type(a) < type(b) end
    return a < b
  end)
  local i = 0
  return function()
    i = i + 1
    return keys[i], t[keys[i]]
  end
end

function lib.closer(n)
  if n == 0 then return nil elseif n == 1 then return false end
  return setmetatable({}, {__close = function(_, e)
    out("close", n, e)
    if n == 3 then error("in close", 0) end
  end})
end

-- Objects with metamethods: 0 has fields from a class, 1 arithmetic, 2 computed
-- fields, 3 is called and compared.
local class = {}
class.__index = class
function class:get(...) return self.x, ... end
function class:set(v) self.x = v return self end
function class:raise() error(self) end

local counts = {get = class.get, set = class.set}
for _, event in ipairs {"add", "sub", "mul", "div", "mod", "pow", "idiv", "unm", "band", "bor", "bxor", "shl",
    "shr", "bnot", "concat", "len"} do
  counts["__" .. event] = function(a, b)
    return event .. type(a) .. type(b)
  end
end
counts.__index = counts

local computed = {
  __index = function(t, k) return k end,
  __newindex = function(t, k, v) rawset(t, k, v) out("newindex", k, v) end,
}

local called = {
  __call = function(self, ...) return select("#", ...), ... end,
  __eq = function() out("eq") return true end,
  __lt = function(a, b) out("lt", type(a), type(b)) return 1 end,
  __le = function(a, b) out("le", type(a), type(b)) return nil end,
  __tostring = function() return "object" end,
  __name = "Called",
}

local metas = {[0] = class, counts, computed, called}
function lib.object(n)
  return setmetatable({x = n, y = "y"}, metas[n])
end

local function globals()
  return {N0 = 3, N1 = 2.5, S0 = "S", S1 = "20", T0 = {x = 1, 5, 6, 7}, T1 = lib.object(0), F0 = function(...) return ... end,
    F1 = function(a) return a end}
end

function run(text)
  steps, shown = 0, {}
  local env = setmetatable(globals(), {__index = lib})
  local f, message = load(text, "=p", "t", env)
  if f then
    local co = coroutine.create(f)
    repeat
      local r = table.pack(coroutine.resume(co, #shown))
      out("main", table.unpack(r, 1, r.n))
    until coroutine.status(co) == "dead" or not pcall(lib.tick)
    print(table.concat(shown, "; "))
  else
    print("does not compile: " .. message)
  end
end
