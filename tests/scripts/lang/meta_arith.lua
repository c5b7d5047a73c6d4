-- Arithmetic metamethods: operand order, either side, all operators.
local mt = {}
local function v(n) return setmetatable({ n = n }, mt) end
local function num(x) return type(x) == "table" and x.n or x end
for op, f in pairs({
  __add = function(a, b) return "add" end, __sub = function(a, b) return "sub" end,
  __mul = function(a, b) return "mul" end, __div = function(a, b) return "div" end,
  __mod = function(a, b) return "mod" end, __pow = function(a, b) return "pow" end,
  __idiv = function(a, b) return "idiv" end, __band = function(a, b) return "band" end,
  __bor = function(a, b) return "bor" end, __bxor = function(a, b) return "bxor" end,
  __shl = function(a, b) return "shl" end, __shr = function(a, b) return "shr" end,
}) do
  mt[op] = function(a, b) return f() .. ":" .. tostring(num(a)) .. "," .. tostring(num(b)) end
end
mt.__unm = function(a) return "unm:" .. a.n end
mt.__bnot = function(a) return "bnot:" .. a.n end
local a, b = v(1), v(2)
print(a + b, a - b, a * b, a / b) -- expect: add:1,2 sub:1,2 mul:1,2 div:1,2
print(a % b, a ^ b, a // b) -- expect: mod:1,2 pow:1,2 idiv:1,2
print(a & b, a | b, a ~ b, a << b, a >> b) -- expect: band:1,2 bor:1,2 bxor:1,2 shl:1,2 shr:1,2
print(-a, ~b) -- expect: unm:1 bnot:2
print(a + 5, 5 + a, a - 5, 5 - a, 5 / a, 5 // a, 5 % a, 5 ^ a) -- expect: add:1,5 add:5,1 sub:1,5 sub:5,1 div:5,1 idiv:5,1 mod:5,1 pow:5,1
print(a & 5, 5 | a, 5 ~ a, 1 << a, a >> 3, 3 >> a) -- expect: band:1,5 bor:5,1 bxor:5,1 shl:1,1 shr:1,3 shr:3,1
print(a + "s", "s" - a, 1.5 * a, a + nil, a + true) -- expect: add:1,s sub:s,1 mul:1.5,1 add:1,nil add:1,true
