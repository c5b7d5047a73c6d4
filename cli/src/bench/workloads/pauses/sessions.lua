-- sessions: a server's request loop over some 200 MB of session state; each
-- request makes 50 to 200 KB of garbage and changes one session.
local n = sized(40000)
local requests = sized(6000)

local function item(i) return { id = i, name = "item" .. i % 5000, quantity = i % 9 } end
local function session(id)
  local basket = {}
  for i = 1, 40 do basket[i] = item(id * 40 + i) end
  return { id = id, user = "user" .. id, visits = 0, basket = basket, seen = { id, id + 1, id + 2 } }
end
local sessions = {}
for id = 1, n do
  sessions[id] = session(id)
  tick()
end

-- parses, computes and renders: nothing of it outlives the request but one item
local function handle(id, lines)
  local session = sessions[id]
  session.visits = session.visits + 1
  local rows = {}
  for line = 1, lines do
    local at = session.basket[(line + id) % 40 + 1]
    local row = { item = at, price = at.quantity * 3 + line % 7, label = at.name .. "#" .. line }
    rows[line] = row
    if line % 64 == 0 then tick() end
  end
  local parts, total = {}, 0
  for line = 1, lines do
    local row = rows[line]
    total = total + row.price
    parts[line] = row.label .. "=" .. row.price
    if line % 64 == 0 then tick() end
  end
  session.basket[id % 40 + 1] = item(total)
  if session.visits % 5 == 0 then session.seen = { id, total, lines } end
  return #table.concat(parts, "&"), total
end

local bytes, sum = 0, 0
local starts, ends = {}, {}
for at = 1, requests do starts[at], ends[at] = 0.0, 0.0 end
tick()
local now = wall or clock
local began = now()
for at = 1, requests do
  starts[at] = now()
  local size, total = handle(random(n), 200 + random(600))
  bytes = bytes + size
  sum = (sum * 31 + total) % 1000000007
  tick()
  ends[at] = now()
end
local took = now() - began

-- Latency as users see it who do not wait for each other: the same requests come
-- at even intervals, so that the server is busy four fifths of the time, and one
-- that comes while another is late waits for it.
local simple, metered = {}, {}
local interval, free = took / requests / 0.8, 0
for at = 1, requests do
  local due, service = at * interval, ends[at] - starts[at]
  free = math.max(free, due) + service
  simple[at], metered[at] = service, free - due
end
table.sort(simple)
table.sort(metered)
local function quantile(sorted, q) return sorted[math.ceil(q * requests)] * 1000 end
restart()
for _, q in ipairs { 0.5, 0.9, 0.99, 0.999, 1 } do
  figure(("latency_ms_%g"):format(q * 100), quantile(simple, q))
  figure(("metered_ms_%g"):format(q * 100), quantile(metered, q))
end
finish("sessions", requests, bytes, sum)
