-- Numbers of locals and extra arguments far out of range are none.
local function f(...)
  local a = 1
  for _, n in ipairs { math.maxinteger, math.mininteger, 1 << 60, (1 << 60) - 100, -(1 << 60), 1 << 32 } do
    print(debug.getlocal(1, n), debug.setlocal(1, n, 5))
  end
  return a
end
print(f(1, 2)) -- expect: nil nil
-- expect: nil nil
-- expect: nil nil
-- expect: nil nil
-- expect: nil nil
-- expect: nil nil
-- expect: 1
