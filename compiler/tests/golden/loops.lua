local function sum(t, n)
  local s = 0
  for i = 1, n do s = s + t[i] * 2 end
  for _, v in ipairs(t) do
    if v < 0 then break end
    s = s + v
  end
  while s > 10 do s = s // 3 - 1 end
  repeat
    local x = s
    t[#t + 1] = function() return x end
  until x < 5
  return s
end
return sum
