-- finalizers: 3*10^5 objects with a finalizer, dropped at once; the program goes
-- on making old and young garbage while the finalizers run.
local n = sized(300000)
local ran, total = 0, 0
-- registered first, so finalized last: when the state closes
local report = setmetatable({}, { __gc = function() print("finalizers", ran, total) end })
local class = { __gc = function(object)
  ran = ran + 1
  total = (total + object.id) % 1000000007
  if ran % 16 == 0 then tick() end
end }
local objects = {}
for i = 1, n do
  objects[i] = setmetatable({ id = i }, class)
  if i % 32 == 0 then tick() end
end

local ring, size, sum = {}, sized(200000), 0
local function churn(rounds)
  for round = 1, rounds do
    local i = round % size + 1
    local old = ring[i]
    if old then sum = (sum + old.round) % 1000000007 end
    ring[i] = { round = round }
    if round % 32 == 0 then tick() end
  end
end
churn(sized(2000000)) -- they grow old
objects = nil
churn(sized(4000000))
finish("churn", sum)
