-- recursion: 150,000 frames deep, with short-lived and old garbage made at the bottom.
local depth = sized(150000)
local ring, size, sum = {}, sized(200000), 0

local function work()
  for round = 1, sized(6000000) do
    local passing = { round = round }
    if round % 4 == 0 then
      local i = random(size)
      local old = ring[i]
      if old then sum = (sum + old.round) % 1000000007 end
      ring[i] = passing
    end
    if round % 64 == 0 then tick() end
  end
  return 0
end

local function down(n)
  if n == 0 then return work() end
  local held = { n = n }
  if n % 64 == 0 then tick() end
  local above = down(n - 1)
  if n % 64 == 0 then tick() end
  return above + held.n % 3
end

local frames = down(depth)
finish("recursion", frames, sum)
