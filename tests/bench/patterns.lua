-- Benchmark: pattern matching. find, match, gmatch and gsub over generated
-- text. Argument: number of rounds.
local N = tonumber((...)) or 200

local names = { "ada", "grace", "alan", "edsger", "barbara", "donald" }
local out = {}
for i = 1, 600 do
  out[#out + 1] = string.format("%s_%d = [%d, %d.%d]; -- note %d: (see (item %d))",
    names[i % #names + 1], i, i * 3, i, i % 10, i, i // 2)
  if i % 10 == 0 then out[#out + 1] = "  key-" .. i .. "@mail.example.org, 2024-0" .. (i % 9 + 1) .. "-11  " end
end
local text = table.concat(out, "\n")

local total = 0
for round = 1, N do
  for name, id in text:gmatch("(%a+)_(%d+)") do total = total + #name + id // 1 end
  for y, m, d in text:gmatch("(%d%d%d%d)%-(%d%d)%-(%d%d)") do total = total + y - m + d end
  local s, n = text:gsub("%s+", " ")
  total = total + #s + n
  s, n = text:gsub("%[(%d+), ([%d.]+)%]", "{%2;%1}")
  total = total + #s + n
  s, n = text:gsub("%a+", { ada = "ADA", note = false, grace = "hopper" })
  total = total + #s + n
  s, n = text:gsub("%b()", function(p) return #p > 8 and p:upper() or nil end)
  total = total + #s + n
  s, n = text:gsub("%f[%w]%d+", function(d) return d + round end)
  total = total + #s + n
  local pos, count = 1, 0
  while true do
    local a, b = text:find("note", pos, true)
    if not a then break end
    count = count + 1
    pos = b + 1
  end
  total = total + count
  for line in text:gmatch("[^\n]+") do
    if line:match("^%s*(.-)%s*$") ~= line then total = total + 1 end
  end
end
print("patterns", N, total // 1)
