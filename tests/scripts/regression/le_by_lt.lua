-- Without __le, `a <= b` is `not (b < a)` by __lt, in every form of the comparison.
local log
local mt = { __lt = function(a, b)
  log = (type(a) == "table" and "t" .. a.n or a) .. "<" .. (type(b) == "table" and "t" .. b.n or b)
  return (type(a) == "table" and a.n or a) < (type(b) == "table" and b.n or b)
end }
local function new(n) return setmetatable({ n = n }, mt) end
local one, two = new(1), new(2)
local r = one <= two; print(r, log) -- expect: true t2<t1
r = two <= one; print(r, log) -- expect: false t1<t2
r = one >= two; print(r, log) -- expect: false t1<t2
r = one >= 1; print(r, log) -- expect: true t1<1
r = one <= 0; print(r, log) -- expect: false 0<t1
r = 1.5 <= one; print(r, log) -- expect: false t1<1.5
if one <= two then print("then", log) else print("else", log) end -- expect: then t2<t1
if not (one <= two) then print("then") else print("else") end -- expect: else
print(not (two <= one), one <= two and 5 or 6) -- expect: true 5
while two <= one do print("never") end

-- The metamethod of the second operand, which is now the first argument, goes first.
local other = setmetatable({ n = 3 }, { __lt = function() log = "other" return nil end })
print(one <= other, log) -- expect: true other
print(other <= one, log) -- expect: false t1<t3

-- __le goes first, even that of the second operand alone, and its result counts as it is.
local le = setmetatable({ n = 4 }, { __le = function() return nil end, __lt = error })
print(one <= le, le <= one, le >= 1) -- expect: false false false

-- Yields and errors pass through; __lt has no such help.
local y = setmetatable({}, { __lt = function(a, b) return coroutine.yield(type(a), type(b)) end })
local co = coroutine.wrap(function() return y <= 7, 7 <= y end)
print(co()) -- expect: number table
print(co(true)) -- expect: table number
print(co(nil)) -- expect: false true
print(pcall(function() return setmetatable({}, { __lt = function() error("E", 0) end }) <= "e" end)) -- expect: false E
local only_le = setmetatable({}, { __le = function() return true end })
print(pcall(function() return only_le < 1 end)) -- expect: false le_by_lt.lua:37: attempt to compare table with number
print(pcall(function() return {} <= {} end)) -- expect: false le_by_lt.lua:38: attempt to compare two table values
print(pcall(table.sort, { only_le, only_le })) -- expect: false attempt to compare two table values
