-- __close called by a return is named, and the line is the return's.
local function f()
  local x <close> = setmetatable({}, { __close = function()
    print(debug.getinfo(1, "n").name, debug.getinfo(2, "l").currentline)
  end })
  local y = 1
  return y -- line 7
end
f() -- expect: close 7
