-- coroutines: 100,000 suspended coroutines, resumed at random; some end and are
-- replaced.
local n = sized(100000)
local resume, yield = coroutine.resume, coroutine.yield

local function body(id)
  local last = { id = id, turn = 0 }
  for turn = 1, 40 do
    local given = yield(last.turn)
    last = { id = id, turn = (last.turn + given) % 65536 }
  end
  return last.turn
end

local threads = {}
for i = 1, n do
  threads[i] = coroutine.create(body)
  resume(threads[i], i)
  if i % 16 == 0 then tick() end
end

local sum, ended = 0, 0
for round = 1, sized(4000000) do
  local i = random(n)
  local thread = threads[i]
  local _, value = resume(thread, round % 1000)
  sum = (sum + value * i) % 1000000007
  if coroutine.status(thread) == "dead" then
    ended = ended + 1
    threads[i] = coroutine.create(body)
    resume(threads[i], i)
  end
  if round % 32 == 0 then tick() end
end
finish("coroutines", n, ended, sum)
