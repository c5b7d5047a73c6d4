-- stress: off
-- expect-error: stack overflow
-- expect-error: stack traceback:
-- expect-error: ...
-- Endless recursion without pcall: an error message with a shortened traceback.
print("before") -- expect: before
local function forever() return forever() + 1 end
forever()
