-- string-churn: 10^6 live strings, replaced at random, half of them keys of a
-- table; most strings made die at once.
local n = sized(1000000)
local live, index = {}, {}
local function text(i) return "item-" .. i .. "/" .. i % 97 end
for i = 1, n do
  local s = text(i)
  live[i] = s
  if i % 2 == 0 then index[s] = i end
  if i % 16 == 0 then tick() end
end

local sum = 0
for round = 1, sized(3000000) do
  local i = random(n)
  local passing = live[i] .. ":" .. round
  sum = (sum + #passing * (round & 15)) % 1000000007
  if round % 2 == 0 then
    local s = text(n + round)
    if i % 2 == 0 then
      if index[live[i]] ~= i then error("a key is gone") end
      index[live[i]] = nil
      index[s] = i
    end
    live[i] = s
  end
  if round % 16 == 0 then tick() end
end
finish("string-churn", n, sum)
