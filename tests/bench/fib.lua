-- Benchmark: calls. Doubly recursive Fibonacci, plus Ackermann and tak for
-- calls with several arguments. Argument: the Fibonacci index.
local N = tonumber((...)) or 36

local function fib(n)
  if n < 2 then return n end
  return fib(n - 1) + fib(n - 2)
end

local function ack(m, n)
  if m == 0 then return n + 1 end
  if n == 0 then return ack(m - 1, 1) end
  return ack(m - 1, ack(m, n - 1))
end

function Tak(x, y, z)
  if y >= x then return z end
  return Tak(Tak(x - 1, y, z), Tak(y - 1, z, x), Tak(z - 1, x, y))
end

print("fib", N, fib(N))
print("ack", ack(2, N * 12))
print("tak", Tak(N // 2, N // 3, N // 6))
