-- The hidden state of loops can't be changed by debug.setlocal.
local function poke()
  for i = 1, 20 do
    local name = debug.getlocal(2, i)
    if not name then break end
    if name:find("for state") then debug.setlocal(2, i, "poked") end
  end
end
local sum = 0
for i = 1, 3 do poke() sum = sum + i end
print(sum) -- expect: 6
for k, v in pairs { 10 } do poke() sum = sum + v end
print(sum) -- expect: 16
