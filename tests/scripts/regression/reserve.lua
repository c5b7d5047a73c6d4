-- stress: off
-- Each stack overflow finds the handlers' reserve again.
local function loop() return 1 + loop() end
for i = 1, 3 do
  print(xpcall(loop, function(m) return (m:match("stack overflow")) end))
end
-- expect: false stack overflow
-- expect: false stack overflow
-- expect: false stack overflow
print(xpcall(loop, loop)) -- expect: false error in error handling
