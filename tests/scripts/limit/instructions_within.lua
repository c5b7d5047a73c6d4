-- A program below the limit does not notice it, hooks and coroutines included.
-- flags: --max-instructions 1M
-- expect: 5050 10
-- expect: true 40
local sum, lines = 0, 0
for i = 1, 100 do sum = sum + i end
debug.sethook(function() lines = lines + 1 end, "l")
for i = 1, 9 do
  sum = sum + 0
end
debug.sethook()
print(sum, lines > 10 and 10)
print(pcall(coroutine.wrap(function()
  local t = {}
  for i = 1, 4 do t[i] = coroutine.isyieldable() and 10 end
  return t[1] + t[2] + t[3] + t[4]
end)))
