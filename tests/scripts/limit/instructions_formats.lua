-- Conversions of many digits are charged by their length, not as one instruction.
-- flags: --max-instructions 3M
-- timeout: 120
-- expect-error: instruction limit reached
local long = 0
for i = 1, 50000 do
  long = long + #string.format("%99.99f", 1e300)
end
print("not reached", long)
