-- Benchmark: JSON. An encoder and a recursive-descent decoder, run back and
-- forth over a generated document. Argument: number of rounds.
local N = tonumber((...)) or 145
local find, sub, byte, match, format = string.find, string.sub, string.byte, string.match, string.format

local escapes = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\t"] = "\\t", ["\r"] = "\\r" }
local unescapes = { n = "\n", t = "\t", r = "\r", ['"'] = '"', ["\\"] = "\\", ["/"] = "/" }

local function encode_into(v, out)
  local t = type(v)
  if t == "table" then
    if #v > 0 then
      out[#out + 1] = "["
      for i, item in ipairs(v) do
        if i > 1 then out[#out + 1] = "," end
        encode_into(item, out)
      end
      out[#out + 1] = "]"
    else
      local keys = {}
      for k in pairs(v) do keys[#keys + 1] = k end
      table.sort(keys)
      out[#out + 1] = "{"
      for i, k in ipairs(keys) do
        out[#out + 1] = (i > 1 and ',"' or '"') .. k .. '":'
        encode_into(v[k], out)
      end
      out[#out + 1] = "}"
    end
  elseif t == "string" then
    out[#out + 1] = '"' .. v:gsub('[%c"\\]', escapes) .. '"'
  elseif t == "number" then
    out[#out + 1] = math.type(v) == "integer" and tostring(v) or format("%.6g", v)
  else
    out[#out + 1] = tostring(v)
  end
end

local function encode(v)
  local out = {}
  encode_into(v, out)
  return table.concat(out)
end

local decode_value

local function skip(s, i) return find(s, "[^ \t\r\n]", i) or #s + 1 end

local function decode_string(s, i)
  local parts, from = nil, i + 1
  local at = from
  while true do
    local q = find(s, '["\\]', at)
    if not q then error("unfinished string at " .. i) end
    if byte(s, q) == 34 then
      local tail = sub(s, from, q - 1)
      if parts then
        parts[#parts + 1] = tail
        tail = table.concat(parts)
      end
      return tail, q + 1
    end
    parts = parts or {}
    parts[#parts + 1] = sub(s, from, q - 1)
    parts[#parts + 1] = unescapes[sub(s, q + 1, q + 1)]
    from = q + 2
    at = from
  end
end

local function decode_array(s, i)
  local t, n = {}, 0
  i = skip(s, i + 1)
  if byte(s, i) == 93 then return t, i + 1 end
  while true do
    n = n + 1
    t[n], i = decode_value(s, i)
    i = skip(s, i)
    local c = byte(s, i)
    if c == 93 then return t, i + 1 end
    if c ~= 44 then error("bad array at " .. i) end
    i = skip(s, i + 1)
  end
end

local function decode_object(s, i)
  local t = {}
  i = skip(s, i + 1)
  if byte(s, i) == 125 then return t, i + 1 end
  while true do
    local key
    key, i = decode_string(s, i)
    i = skip(s, i)
    if byte(s, i) ~= 58 then error("bad object at " .. i) end
    t[key], i = decode_value(s, skip(s, i + 1))
    i = skip(s, i)
    local c = byte(s, i)
    if c == 125 then return t, i + 1 end
    if c ~= 44 then error("bad object at " .. i) end
    i = skip(s, i + 1)
  end
end

function decode_value(s, i)
  local c = byte(s, i)
  if c == 123 then return decode_object(s, i) end
  if c == 91 then return decode_array(s, i) end
  if c == 34 then return decode_string(s, i) end
  if c == 116 then return true, i + 4 end
  if c == 102 then return false, i + 5 end
  local num = match(s, "^-?[%d.eE+-]+", i)
  return tonumber(num), i + #num
end

local doc = { users = {}, version = 3, flags = { ok = true, old = false } }
for i = 1, 400 do
  doc.users[i] = {
    id = i, name = "user " .. i, score = i * 1.25, active = i % 2 == 0,
    tags = { "t" .. i % 7, "long \"quoted\" tag", "line\nbreak" },
    pos = { x = i / 4, y = -i, z = { 1, 2, 3, i } },
  }
end

local text = encode(doc)
local bytes = 0
for round = 1, N do
  local copy = decode_value(text, 1)
  assert(#copy.users == 400 and copy.users[7].tags[3] == "line\nbreak")
  copy.version = 3
  local again = encode(copy)
  assert(again == text)
  bytes = bytes + #again + round
end
print("json", N, bytes, #text)
