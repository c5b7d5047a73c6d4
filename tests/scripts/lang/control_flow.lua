-- while, repeat, break, nested loops, scope of repeat's condition.
local i = 0
while true do
  i = i + 1
  if i == 3 then break end
end
print(i) -- expect: 3
repeat local done = i > 5; i = i + 1 until done
print(i) -- expect: 7
local out = {}
for a = 1, 3 do
  for b = 1, 3 do
    if b == 2 then break end
    out[#out + 1] = a .. b
  end
end
print(table.concat(out, ",")) -- expect: 11,21,31
local n = 10
while n > 0 do
  n = n - 3
  if n % 2 == 0 then n = n - 1 end
end
print(n) -- expect: -1
local fns = {}
local j = 0
repeat
  local captured = j
  fns[#fns + 1] = function() return captured end
  j = j + 1
until captured >= 2
print(fns[1](), fns[2](), fns[3]()) -- expect: 0 1 2
do local i = "inner"; print(i) end -- expect: inner
print(i) -- expect: 7
if i == 7 then print("seven") elseif i == 8 then print("eight") else print("other") end -- expect: seven
local function early(x) if x then return "early" end do return "late" end end
print(early(true), early(false)) -- expect: early late
print(load("break")) -- expect: nil [string "break"]:1: break outside loop at line 1
print(load("for i = 1, 2 do end break")) -- expect: nil [string "for i = 1, 2 do end break"]:1: break outside loop at line 1
