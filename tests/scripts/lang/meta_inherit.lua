-- Classes by metatables: inheritance, super calls, tostring and eq shared.
local function class(name, base)
  local c = { __name = name }
  c.__index = c
  if base then
    for k, v in pairs(base) do if k:sub(1, 2) == "__" and k ~= "__index" and k ~= "__name" then c[k] = v end end
    setmetatable(c, { __index = base, __call = function(cls, ...) local o = setmetatable({}, cls); o:init(...); return o end })
  else
    setmetatable(c, { __call = function(cls, ...) local o = setmetatable({}, cls); o:init(...); return o end })
  end
  return c
end
local Animal = class("Animal")
function Animal:init(n) self.n = n end
function Animal:speak() return self.n .. " makes " .. self:sound() end
function Animal:sound() return "nothing" end
Animal.__tostring = function(a) return getmetatable(a).__name .. "<" .. a.n .. ">" end
Animal.__lt = function(a, b) return a.n < b.n end
local Dog = class("Dog", Animal)
function Dog:init(n, age) Animal.init(self, n); self.age = age end
function Dog:sound() return "woof" end
local Puppy = class("Puppy", Dog)
function Puppy:sound() return Dog.sound(self):upper() end
local a, d, p = Animal("cat"), Dog("rex", 3), Puppy("bit", 1)
print(a:speak()); print(d:speak()); print(p:speak())
-- expect: cat makes nothing
-- expect: rex makes woof
-- expect: bit makes WOOF
print(tostring(a), tostring(d), tostring(p), p.age) -- expect: Animal<cat> Dog<rex> Puppy<bit> 1
print(p < d, d < p, getmetatable(p) == Puppy) -- expect: true false true
Animal.sound = function() return "noise" end
print(a:sound(), d:sound()) -- expect: noise woof
function Animal:late() return "late " .. self.n end
print(p:late(), rawget(Puppy, "late")) -- expect: late bit nil
