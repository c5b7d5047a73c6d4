-- Benchmark: string.format and tostring/tonumber. Argument: number of rounds.
local N = tonumber((...)) or 320000
local format, tostring, tonumber = string.format, tostring, tonumber

local h = 17
local function feed(s)
  h = (h * 31 + #s * 7 + s:byte(1) + s:byte(-1)) & 0xffffff
end

for i = 1, N do
  feed(format("%d %5d %-5d|", i, i % 1000, i % 77))
  feed(format("%s=%q", "name" .. i % 10, "v" .. i % 100))
  feed(format("%.3f %g %10.4e", i / 7, i * 0.125, i * 1.5))
  feed(format("%x %X %o %c", i, i * 31, i % 512, 65 + i % 26))
  local s = tostring(i / 3)
  feed(s)
  local back = tonumber(s)
  if back - i / 3 > 1e-6 then error("lost precision") end
  h = (h + tonumber("0x" .. format("%x", i)) + tonumber(tostring(i))) & 0xffffff
end
print("format", N, h)
