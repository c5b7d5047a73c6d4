-- stress: 1000
-- Recursion: Ackermann, mutual recursion, deep non-tail calls.
local function ack(m, n)
  if m == 0 then return n + 1 end
  if n == 0 then return ack(m - 1, 1) end
  return ack(m - 1, ack(m, n - 1))
end
print(ack(2, 9), ack(3, 4)) -- expect: 21 125
local function hanoi(n, a, b, c) if n == 0 then return 0 end return hanoi(n - 1, a, c, b) + 1 + hanoi(n - 1, c, b, a) end
print(hanoi(10, "a", "b", "c")) -- expect: 1023
local function depth(n) if n == 0 then return 0 end local d = depth(n - 1); return d + 1 end
print(depth(50000)) -- expect: 50000
local function build(n) if n == 0 then return nil end return { next = build(n - 1) } end
local list, len = build(20000), 0
while list do list, len = list.next, len + 1 end
print(len) -- expect: 20000
local function fibm(n, memo)
  if n < 2 then return n end
  if not memo[n] then memo[n] = fibm(n - 1, memo) + fibm(n - 2, memo) end
  return memo[n]
end
print(fibm(80, {})) -- expect: 23416728348467685
