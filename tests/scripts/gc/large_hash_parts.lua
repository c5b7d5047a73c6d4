-- collects: yes
-- Hash parts of several segments, with keys of all kinds that come and go.

local function count(t)
  local n, sum = 0, 0
  for _, v in pairs(t) do n, sum = n + 1, sum + v end
  return n .. " " .. sum
end

-- integers in arithmetic progression, then others among them
local t = {}
for i = 1, 700 do t[i * 1000 - 50000] = i end
print(count(t)) -- expect: 700 245350
for i = 1, 700, 2 do t[i * 1000 - 50000] = nil end
for i = 1, 350 do t[i * 1000 - 49999] = i end
print(count(t), t[-48000], t[-49000], t[-48999]) -- expect: 700 184275 2 nil 1
for k in pairs(t) do t[k] = nil end
print(next(t)) -- expect: nil
for i = 1, 300 do t[i * 7] = i end
print(count(t), t[7], t[8]) -- expect: 300 45150 1 nil

-- floats, strings, booleans, tables and functions
local keys = {}
for i = 1, 150 do
  keys[#keys + 1] = i + 0.5
  keys[#keys + 1] = "key" .. i
  keys[#keys + 1] = ("long"):rep(20) .. i
  keys[#keys + 1] = {}
  keys[#keys + 1] = function() return i end
end
t = { [true] = 0 }
for i, k in ipairs(keys) do t[k] = i end
print(count(t)) -- expect: 751 281625
for i = 1, #keys, 3 do t[keys[i]] = nil end
for i = 1, 250 do t[{}] = 1 end
local wrong = 0
for i, k in ipairs(keys) do
  if t[k] ~= (i % 3 ~= 1 and i or nil) then wrong = wrong + 1 end
end
print(count(t), wrong) -- expect: 751 188250 0
for i = 1, #keys, 3 do t[keys[i]] = i end
for k, v in pairs(t) do if v == 1 and k ~= keys[1] then t[k] = nil end end
print(count(t)) -- expect: 751 281625

-- the same with weak keys: those that nobody holds go
local weak = setmetatable({}, { __mode = "k" })
for i, k in ipairs(keys) do weak[k] = i end
for i = 1, 300 do weak[{}] = i end
collectgarbage()
print(count(weak)) -- expect: 750 281625
for i = 1, 300 do weak[{}] = 0 end
for i, k in ipairs(keys) do
  if weak[k] ~= i then print("lost", i) end
end
keys = nil
t = nil
collectgarbage()
for k, v in pairs(weak) do
  if type(k) == "table" or type(k) == "function" then print("kept", v) end
end

-- no metamethods where there is a value; all where there is none
local calls = 0
local watched = setmetatable({}, {
  __index = function(_, k) calls = calls + 1 return k end,
  __newindex = function(t, k, v) calls = calls + 1 rawset(t, k, v) end,
})
for i = 1, 300 do watched[i * 9] = i end
for i = 1, 300 do watched[i * 9] = watched[i * 9] + 1 end
for i = 1, 300 do watched[i + 0.25] = 1 end
print(calls, watched[10], watched[0.5], watched[18], watched[3.25]) -- expect: 600 10 0.5 3 1
