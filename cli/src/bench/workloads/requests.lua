-- requests: a server's loop. Each request parses, calls closures, builds an
-- answer and touches one of many long-lived sessions; some sessions expire.
local scale = tonumber((...)) or 1
local sessions = math.max(10, math.floor(100000 * scale))
local requests = math.max(10, math.floor(100000 * scale))

local seed = 7
local function random(n)
  seed = (seed * 48271) % 2147483647
  return seed % n + 1
end

local function new_session(id)
  return { id = id, name = "user" .. id, visits = 0, basket = {}, last = { path = "/", at = 0 } }
end

local store = {}
for id = 1, sessions do store[id] = new_session(id) end

local handlers = {
  view = function(session, query)
    session.last = { path = "/view/" .. query.item, at = query.at }
    return { status = 200, body = "item " .. query.item .. " for " .. session.name }
  end,
  buy = function(session, query)
    local basket = session.basket
    if #basket >= 5 then session.basket = {} end
    basket[#basket + 1] = { item = query.item, at = query.at }
    return { status = 200, body = "bought " .. query.item, total = #basket }
  end,
  leave = function(session)
    store[session.id] = new_session(session.id)
    return { status = 302, body = "bye " .. session.name }
  end,
}

local function parse(line)
  local query = {}
  for name, value in line:gmatch("(%w+)=(%w+)") do query[name] = value end
  return query
end

local function respond(answer)
  local lines = { "HTTP/1.1 " .. answer.status, "Length: " .. #answer.body, "", answer.body }
  return table.concat(lines, "\r\n")
end

local actions = { "view", "view", "view", "buy", "buy", "leave" }
local bytes, sum = 0, 0
for at = 1, requests do
  local line = "action=" .. actions[random(6)] .. "&session=" .. random(sessions) .. "&item=i" .. random(5000) .. "&at=" .. at
  local query = parse(line)
  local session = store[tonumber(query.session)]
  session.visits = session.visits + 1
  local later = function() return handlers[query.action](session, query) end
  local text = respond(later())
  bytes = bytes + #text
  sum = (sum * 31 + #text * session.visits) % 1000000007
end
print("requests", requests, bytes, sum)
