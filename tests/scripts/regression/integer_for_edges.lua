-- For loops at the limits of integers, with large steps, never wrap around.
local max, min = math.maxinteger, math.mininteger
local function count(a, b, s) local n = 0; for _ = a, b, s do n = n + 1; if n > 20 then return "many" end end return n end
print(count(max - 1, max, 1), count(min, min + 2, 1), count(max, min, min), count(min, max, max), count(max, max, 1)) -- expect: 2 3 2 3 1
print(count(1, 0, 1), count(0, 1, -1), count(1, 1, max), count(1, 1, min), count(max, 1, 1)) -- expect: 0 0 1 1 0
print(count(1, max, max // 4), count(-1, min, min // 4), count(0, max, max), count(3, 1, -2)) -- expect: 5 4 2 2
print(count(1, 10.9, 1), count(10, 0.5, -1), count(1, 2^70, 2^62), count(1, -2^70, -2^62)) -- expect: 10 10 many many
local last
for i = max - 10, max, 4 do last = i end
print(max - last) -- expect: 2
for i = min + 10, min, -4 do last = i end
print(last - min) -- expect: 2
for i = 0.1, 0.5, 0.1 do last = i end
print(last) -- expect: 0.5
