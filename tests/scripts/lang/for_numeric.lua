-- Numeric for: directions, steps, float loops, overflow, errors.
local function run(a, b, c)
  local out = {}
  for i = a, b, c do
    out[#out + 1] = tostring(i)
    if #out > 6 then break end
  end
  return table.concat(out, " ")
end
print(run(1, 3, 1), run(3, 1, -1), run(1, 10, 4)) -- expect: 1 2 3 3 2 1 1 5 9
print("[" .. run(1, 0, 1) .. "]", "[" .. run(0, 1, -1) .. "]") -- expect: [] []
print(run(1.0, 3, 1), run(1, 2, 0.5), run(1, 3.9, 1)) -- expect: 1.0 2.0 3.0 1.0 1.5 2.0 1 2 3
print(run(0.1, 0.35, 0.1)) -- expect: 0.1 0.2 0.3
local max, min = math.maxinteger, math.mininteger
print(run(max - 2, max, 1) == (max - 2) .. " " .. (max - 1) .. " " .. max) -- expect: true
print(run(min + 1, min, -1) == (min + 1) .. " " .. min) -- expect: true
print(run(max - 1, math.huge, 2) == tostring(max - 1)) -- expect: true
print("[" .. run(1, -math.huge, 1) .. "]", "[" .. run(math.huge, 1, 1) .. "]") -- expect: [] []
print(run(1, math.huge, 1), run(-1, -math.huge, -2)) -- expect: 1 2 3 4 5 6 7 -1 -3 -5 -7 -9 -11 -13
print(run(min, max, max) == min .. " -1 " .. (max - 1)) -- expect: true
print(run(3, 2.5, -1), "[" .. run(1, 0.9, 1) .. "]") -- expect: 3 []
local why = function(...) return select(2, pcall(run, ...)) end
print(why(1, 10, 0)) -- expect: for_numeric.lua:4: 'for' step is zero
print(why(1.0, 10, 0)) -- expect: for_numeric.lua:4: 'for' step is zero
print(why("1", 10, 1)) -- expect: 1.0 2.0 3.0 4.0 5.0 6.0 7.0
print(why(1, {}, 1)) -- expect: for_numeric.lua:4: bad 'for' limit (number expected, got table)
print(why(1, 10, "x")) -- expect: for_numeric.lua:4: bad 'for' step (number expected, got string)
print(why(nil, 10, 1)) -- expect: for_numeric.lua:4: bad 'for' initial value (number expected, got nil)
-- assigning the control variable does not change the count
local n = 0
for i = 1, 3 do n = n + 1; i = 100 end
print(n) -- expect: 3
-- bounds are evaluated once
local bound = 3
local seen = 0
for i = 1, bound do bound = 10; seen = seen + 1 end
print(seen) -- expect: 3
