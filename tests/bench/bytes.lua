-- Benchmark: loops over string bytes. byte/char/sub, a Caesar cipher, base64,
-- CRC-32 and run-length coding. Argument: number of rounds.
local N = tonumber((...)) or 560
local byte, char, sub, concat = string.byte, string.char, string.sub, table.concat

local function caesar(s, k)
  local out = {}
  for i = 1, #s do
    local c = byte(s, i)
    if c >= 97 and c <= 122 then c = (c - 97 + k) % 26 + 97 end
    out[i] = char(c)
  end
  return concat(out)
end

local alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
local function base64(s)
  local out = {}
  for i = 1, #s - 2, 3 do
    local a, b, c = byte(s, i, i + 2)
    local v = a << 16 | b << 8 | c
    local w, x, y, z = (v >> 18) + 1, (v >> 12 & 63) + 1, (v >> 6 & 63) + 1, (v & 63) + 1
    out[#out + 1] = sub(alphabet, w, w) .. sub(alphabet, x, x) .. sub(alphabet, y, y) .. sub(alphabet, z, z)
  end
  return concat(out)
end

local crc_table = {}
for i = 0, 255 do
  local c = i
  for _ = 1, 8 do c = (c & 1) == 1 and 0xEDB88320 ~ (c >> 1) or c >> 1 end
  crc_table[i] = c
end
local function crc32(s)
  local c = 0xffffffff
  for i = 1, #s do c = crc_table[(c ~ byte(s, i)) & 0xff] ~ (c >> 8) end
  return c ~ 0xffffffff
end

local function runs(s)
  local out, i = {}, 1
  while i <= #s do
    local c, j = sub(s, i, i), i
    while sub(s, j + 1, j + 1) == c do j = j + 1 end
    out[#out + 1] = c .. (j - i + 1)
    i = j + 1
  end
  return concat(out)
end

local text = ("the quick brown fox jumps over the lazy dog; aaabbbbcccccd "):rep(80)
local h = 0
for round = 1, N do
  local a = caesar(text, round)
  local b = base64(a)
  local c = runs(a)
  h = (h * 31 + crc32(a) + crc32(b) + #c) & 0xffffffffffff
end
print("bytes", N, h)
