-- A lookup that fails behind the first value does not name that value; chains have one
-- length, whatever the key; a numeral that begins like `.0x` is read to its end.
local function try(f, ...) print(select(2, pcall(f, ...))) end
local number = setmetatable({}, { __index = 1 })
local behind = setmetatable({}, { __index = number })
try(function() return number.x end) -- expect: index_chain_messages.lua:6: attempt to index a number value
try(function() return behind.x end) -- expect: index_chain_messages.lua:7: attempt to index a number value
try(function() return behind:x() end) -- expect: index_chain_messages.lua:8: attempt to index a number value
try(function() local t = { f = behind } return t.f.x end) -- expect: index_chain_messages.lua:9: attempt to index a number value
try(function() local t = { f = 1 } return t.f.x end) -- expect: index_chain_messages.lua:10: attempt to index a number value (field 'f')
try(function() local k = "x" return behind[k] end) -- expect: index_chain_messages.lua:11: attempt to index a number value
local function chain(n)
  local t = {}
  for _ = 1, n do t = setmetatable({}, { __index = t }) end
  return t
end
local short, long = chain(1999), chain(2000)
print(short.x, short[1]) -- expect: nil nil
try(function() return long.x end) -- expect: index_chain_messages.lua:19: '__index' chain too long; possible loop
try(function() return long[1] end) -- expect: index_chain_messages.lua:20: '__index' chain too long; possible loop
print(load("return .0x1p4r", "=c")) -- expect: nil c:1: malformed number near '.0x1p4r'
