-- stress: off
-- Errors inside message handlers, tostring and finalizers end somewhere.
print(xpcall(error, function() error("again") end, "first") == false) -- expect: true
local ok, e = xpcall(error, function() local x = nil; x() end, "first")
print(ok, type(e)) -- expect: false string
local depth = 0
ok, e = xpcall(error, function(m) depth = depth + 1; error(m) end, "loop")
print(ok, depth > 1, type(e) == "string") -- expect: false true true
local function overflow() return 1 + overflow() end
ok, e = xpcall(overflow, function(m) return (m:match("stack overflow")) end)
print(ok, e) -- expect: false stack overflow
ok, e = xpcall(overflow, debug.traceback)
print(ok, e:match("stack overflow"), e:match("stack traceback") ~= nil) -- expect: false stack overflow true
print(xpcall(error, print, "handler prints"))
-- expect: handler prints
-- expect: false nil
print(xpcall(error, function(m) return nil end, "nil result")) -- expect: false nil
print(xpcall(error, coroutine.wrap(function(m) return "from wrap " .. m end), "x")) -- expect: false from wrap x
print(select("#", xpcall(error, function() return 1, 2, 3 end))) -- expect: 2
print(pcall(xpcall, error, nil, "x")) -- expect: false bad argument #2 to 'xpcall' (function expected, got nil)
print(pcall(xpcall, error, 5, "x")) -- expect: false bad argument #2 to 'xpcall' (function expected, got number)
print(xpcall(function() return "no error" end, function() error("unused") end)) -- expect: true no error
