-- collects: yes
-- stress: off
-- What a loop's condition left in a register does not keep it alive.
local x = setmetatable({ [1] = {} }, { __mode = "v" })
local n = 0
while x[1] and n < 1e7 do
  local s = n .. n .. n
  n = n + 1
end
print(x[1]) -- expect: nil
