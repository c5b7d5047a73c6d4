-- <close> variables captured by closures, and values returned past them.
local order = {}
local function res(name) return setmetatable({}, { __close = function() order[#order + 1] = name end }) end
local function make()
  local r <close> = res("r")
  local x = 5
  return function() x = x + 1; return x, r ~= nil end
end
local g = make()
print(table.concat(order, ","), g()) -- expect: r 6 true
print(g()) -- expect: 7 true
order = {}
local function nested()
  local a <close> = res("outer")
  do
    local b <close> = res("inner")
    order[#order + 1] = "in"
  end
  order[#order + 1] = "between"
  return (function() local c <close> = res("callee"); return #order end)()
end
print(nested(), table.concat(order, ",")) -- expect: 3 in,inner,between,callee,outer
order = {}
-- a call in return position is no tail call while something is to be closed
local function ret() local t <close> = res("t"); return (function() return #order end)() end
print(ret(), #order) -- expect: 0 1
order = {}
local ok = pcall(function()
  for i = 1, 3 do
    local l <close> = res("loop" .. i)
    if i == 2 then error("x") end
  end
end)
print(ok, table.concat(order, ",")) -- expect: false loop1,loop2
order = {}
local function va(...)
  local v <close> = res("v")
  return ...
end
print(va(1, 2, 3), table.concat(order, ",")) -- expect: 1 v
local seen
do local s <close> = setmetatable({}, { __close = function(v, e) seen = type(v) .. tostring(e) end }) end
print(seen) -- expect: tablenil
