-- expect-status: 7
-- os.exit: status numbers, and closing the state runs pending <close> and __gc.
setmetatable({}, { __gc = function() print("finalizer at exit") end })
local keep <close> = setmetatable({}, { __close = function() print("closed by exit") end })
print("exiting") -- expect: exiting
os.exit(7, true)
-- expect: closed by exit
-- expect: finalizer at exit
