-- stress: 5000
-- Tail calls do not grow the stack; mutual recursion; through pcall.
local function loop(n, acc)
  if n == 0 then return acc end
  return loop(n - 1, acc + 1)
end
print(loop(1000000, 0)) -- expect: 1000000
local even, odd
function even(n) if n == 0 then return true end return odd(n - 1) end
function odd(n) if n == 0 then return false end return even(n - 1) end
print(even(300001)) -- expect: false
local obj = {}
function obj:step(n) if n == 0 then return self end return self:step(n - 1) end
print(obj:step(200000) == obj) -- expect: true
local callable = setmetatable({}, { __call = function(self, n) if n == 0 then return "done" end return self(n - 1) end })
print(callable(100000)) -- expect: done
local function va(n, ...) if n == 0 then return select("#", ...) end return va(n - 1, ...) end
print(va(100000, 1, 2, 3)) -- expect: 3
print(pcall(loop, 100000, 5)) -- expect: true 100005
local function notail(n) if n == 0 then return 0 end return 1 + notail(n - 1) end
print(notail(10000)) -- expect: 10000
