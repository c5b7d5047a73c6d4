-- stress: off
-- timeout: 120
-- A stack overflow whose message handler overflows the stack again.
local function overflow() return 1 + overflow() end
local ok, e = xpcall(overflow, function() return overflow() end)
print(ok, type(e)) -- expect: false string
print(select("#", xpcall(overflow, function() return 1 end)), pcall(overflow) == false) -- expect: 2 true
