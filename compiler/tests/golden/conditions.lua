local a, b, c = ...
local x = a and b or c
local y = not (a == nil) and b ~= "s" or c > 3
if a == b or a <= 1.5 and not c then x = 2 - y elseif c then y = x == true end
for i = 1, 10 do
  if i == a then goto continue end
  x = x .. i
  ::continue::
end
return x, y
