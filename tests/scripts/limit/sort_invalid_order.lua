-- Inconsistent comparison functions: an error or some order, never a crash.
local function try(n, f)
  local t = {}
  for i = 1, n do t[i] = i end
  local ok, e = pcall(table.sort, t, f)
  if not ok then return e end
  table.sort(t)
  for i = 1, n do if t[i] ~= i then return "lost elements" end end
  return "sorted"
end
print(try(100, function() return true end)) -- expect: invalid order function for sorting
print(try(5, function() return true end)) -- expect: invalid order function for sorting
print(try(3, function() return true end) ~= "lost elements") -- expect: true
print(try(200, function(a, b) return a <= b end) ~= "lost elements") -- expect: true
print(try(50, function() return false end)) -- expect: sorted
local flip = false
print(try(300, function(a, b) flip = not flip; return flip end) ~= "lost elements") -- expect: true
print(try(300, function(a, b) if a % 7 == 3 then return true end return a < b end) ~= "lost elements") -- expect: true
local t = {}
for i = 1, 100 do t[i] = i end
print(pcall(table.sort, t, function(a, b) t[#t] = nil; return a < b end) == true or true) -- expect: true
print(pcall(table.sort, { 1, 0 / 0, 3, 0 / 0, 2 }) == true or true) -- expect: true
print(pcall(table.sort, { "a", 1 })) -- expect: false attempt to compare number with string
