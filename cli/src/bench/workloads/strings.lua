-- strings: text in, text out. Strings of all lengths are built, cut, replaced
-- and used as keys; hardly anything but strings is allocated.
local scale = tonumber((...)) or 1
local rounds = math.max(1, math.floor(40000 * scale))

local words = {}
for i = 1, 500 do words[i] = ("w%03x"):format(i * 2654435761 % 4096) end

local seed = 99
local function random(n)
  seed = (seed * 16807) % 2147483647
  return seed % n + 1
end

local counts, distinct, bytes, sum = {}, 0, 0, 0
for round = 1, rounds do
  local parts = {}
  for i = 1, 40 do parts[i] = words[random(#words)] .. random(9) end
  local text = table.concat(parts, " ")
  for word in text:gmatch("%S+") do
    local seen = counts[word]
    if not seen then distinct = distinct + 1 end
    counts[word] = (seen or 0) + 1
  end
  local shout = text:upper():gsub("W(%x)", "<%1>")
  local line = ("%d:%s|%s"):format(round, shout:sub(1, 60), text:reverse():sub(-20))
  bytes = bytes + #line
  sum = (sum * 33 + line:byte(-1) + #shout) % 1000000007
  if round % 500 == 0 then counts = {} end
end
print("strings", distinct, bytes, sum)
