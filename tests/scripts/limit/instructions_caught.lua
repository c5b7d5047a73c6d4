-- The instruction limit can't be swallowed: caught, it is raised again at once.
-- flags: --max-instructions 200K
-- expect: counting
-- expect-error: instruction limit reached
print("counting")
local function spin() while true do end end
local function never(...) print("not reached", ...) end
local guard <close> = setmetatable({}, {__close = never})
kept = setmetatable({}, {__gc = never})
pcall(function()
  local inner <close> = setmetatable({}, {__close = never})
  local co = coroutine.wrap(function()
    local deep <close> = setmetatable({}, {__close = never})
    xpcall(spin, never)
    never()
  end)
  pcall(co)
  never()
  while true do pcall(spin) end
end)
never()
while true do pcall(spin) end
