-- Benchmark: counting substrings in a hash. Frequencies of fragments of a
-- generated DNA sequence. Argument: length of the sequence.
local N = tonumber((...)) or 1000000
local sub = string.sub

local seed = 99
local letters = { "a", "c", "g", "t", "a", "t" }
local parts = {}
for i = 1, N do
  seed = (seed * 48271) % 2147483647
  parts[i] = letters[seed % 6 + 1]
end
local dna = table.concat(parts):upper()

local function frequencies(len)
  local counts = {}
  for i = 1, #dna - len + 1 do
    local frag = sub(dna, i, i + len - 1)
    counts[frag] = (counts[frag] or 0) + 1
  end
  return counts
end

local function show(len)
  local counts = frequencies(len)
  local keys = {}
  for k in pairs(counts) do keys[#keys + 1] = k end
  table.sort(keys, function(a, b)
    if counts[a] ~= counts[b] then return counts[a] > counts[b] end
    return a < b
  end)
  for i = 1, math.min(4, #keys) do
    print(string.format("%s %.3f", keys[i], 100 * counts[keys[i]] / (#dna - len + 1)))
  end
  return #keys
end

print(show(1), show(2), show(4), show(6), show(8))
for _, frag in ipairs { "GGT", "GGTA", "GGTATT", "TATTTTAA" } do
  print(frag, frequencies(#frag)[frag] or 0)
end
