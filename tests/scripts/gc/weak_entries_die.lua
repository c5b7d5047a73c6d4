-- collects: yes
-- Entries of weak tables whose objects die one by one while others come and go at
-- the same places: each kind of key beside each kind of value, in all three modes.
local modes = { "k", "v", "kv" }
local long = ("long string "):rep(8)

local function new_key(kind, i)
  if kind == 1 then return {} end
  if kind == 2 then return "s" .. i end
  if kind == 3 then return long .. i end
  if kind == 4 then return i end
  return (1 << 55) + i
end

local function new_value(kind, i)
  if kind == 1 then return { i } end
  if kind == 2 then return "v" .. i end
  if kind == 3 then return long .. "v" .. i end
  return i + 0.5
end

local seed = 7
local function random(n)
  seed = (seed * 1103515245 + 12345) % 2147483648
  return seed // 65536 % n + 1
end

local n = 120
for _, mode in ipairs(modes) do
  local cache = setmetatable({}, { __mode = mode })
  local keys, values = {}, {}
  local function put(i)
    local key = new_key(random(5), i * 1000 + random(900))
    local value = random(4) == 1 and values[random(n)] or new_value(random(4), i)
    keys[i], values[i] = key, value
    if value ~= nil then cache[key] = value end
  end
  for i = 1, n do put(i) end
  for round = 1, 600 do
    local i = random(n)
    local kind = random(4)
    if kind == 1 then
      keys[i], values[i] = nil, nil
    elseif kind == 2 and keys[i] ~= nil then
      -- The same key gets another value, or none.
      local value = random(3) ~= 1 and new_value(random(4), round) or nil
      values[i] = value
      cache[keys[i]] = value
    elseif kind == 3 and values[i] ~= nil then
      -- The same value gets another key.
      keys[i] = new_key(random(5), i * 1000 + random(900))
      cache[keys[i]] = values[i]
    else
      put(i)
    end
    if round % 60 == 0 then collectgarbage("step") end
  end
  -- What the program holds on both sides is there, if its key is nobody else's.
  local owner = {}
  for i = 1, n do
    if keys[i] ~= nil then owner[keys[i]] = owner[keys[i]] and 0 or i end
  end
  for i = 1, n do
    if keys[i] ~= nil and values[i] ~= nil and owner[keys[i]] == i then
      assert(cache[keys[i]] == values[i], mode)
    end
  end
  -- What nobody holds is gone.
  owner = nil
  collectgarbage()
  local held = {}
  for i = 1, n do
    if keys[i] ~= nil then held[keys[i]] = true end
    if values[i] ~= nil then held[values[i]] = true end
  end
  for k, v in pairs(cache) do
    if mode ~= "v" and type(k) == "table" then assert(held[k], mode) end
    if mode ~= "k" and type(v) == "table" then assert(held[v], mode) end
  end
end

-- An array part with weak values.
local list = setmetatable({}, { __mode = "v" })
local strong = {}
for i = 1, 200 do
  strong[i] = { i }
  list[i] = strong[i]
end
for i = 1, 200, 3 do strong[i] = nil end
for i = 1, 200, 3 do strong[i] = { -i } end
for i = 1, 400 do local _ = { i } end
collectgarbage("step")
for i = 2, 200, 3 do assert(list[i][1] == i) end
collectgarbage()
local left = 0
for i = 1, 200 do if list[i] then left = left + 1 end end
print(left)
-- expect: 133
