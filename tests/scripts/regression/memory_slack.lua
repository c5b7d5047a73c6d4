-- collects: yes
-- flags: --heap-max 40M
-- stress: off
-- Who catches "not enough memory" can let go of what is too much.
local t = {}
for round = 1, 3 do
  print(pcall(function() for i = 1, 1e9 do t[#t + 1] = {} end end))
  t = {}
  collectgarbage()
end
-- expect: false not enough memory
-- expect: false not enough memory
-- expect: false not enough memory
for i = 1, 20 do local s = ("x"):rep(15e6) s = s .. "y" end
print("garbage does not count") -- expect: garbage does not count
