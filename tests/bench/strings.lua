-- Benchmark: string building. Concatenation of pieces, table.concat buffers,
-- upper/reverse/rep/sub on results. Argument: number of lines.
local N = tonumber((...)) or 1500000

local words = { "moon", "sweep", "tide", "heap", "root", "mark", "grey", "white" }

local lines, bytes = {}, 0
for i = 1, N do
  local w = words[i % #words + 1]
  local line = w .. "-" .. i .. ":" .. words[(i * 7) % #words + 1] .. "/" .. (i * 0.5)
  lines[#lines + 1] = line
  bytes = bytes + #line
  if #lines == 1000 then
    local page = table.concat(lines, "\n")
    bytes = bytes + #page:upper() + page:reverse():byte(1)
    lines = {}
  end
end

-- accumulate in one growing string, bounded
local acc, longest = "", 0
for i = 1, N // 4 do
  acc = acc .. words[i % #words + 1]
  if #acc > 2000 then
    longest = math.max(longest, #acc)
    acc = acc:sub(-100)
  end
end

-- many equal strings made by different ways, used as keys
local seen, kinds = {}, 0
for i = 1, N do
  local key = ("k"):rep(i % 5) .. (i % 300)
  if not seen[key] then
    seen[key] = 0
    kinds = kinds + 1
  end
  seen[key] = seen[key] + 1
end
print("strings", N, bytes, longest, #acc, kinds)
