-- stress: 200
-- Strings under collection: built, interned, as keys, long and short.
local parts, keys = {}, {}
for i = 1, 500 do
  local s = "piece" .. i .. ("-"):rep(i % 60)
  parts[#parts + 1] = s
  keys[s] = i
  local junk = s .. s .. i
end
collectgarbage()
local ok = 0
for i = 1, 500 do if keys["piece" .. i .. ("-"):rep(i % 60)] == i and parts[i]:sub(1, 5) == "piece" then ok = ok + 1 end end
print(ok) -- expect: 500
local s = ""
for i = 1, 300 do s = s .. string.char(65 + i % 26) end
print(#s, s:sub(1, 10), s:gsub("%a", string.lower):sub(291)) -- expect: 300 BCDEFGHIJK fghijklmno
local n = 0
for w in (("word "):rep(300)):gmatch("%a+") do n = n + #w; local t = { w } end
print(n) -- expect: 1200
local fmt = {}
for i = 1, 200 do fmt[i] = ("%05d:%s"):format(i, ("y"):rep(i % 50)) end
collectgarbage()
print(#table.concat(fmt), fmt[200]) -- expect: 6100 00200:
local buffer = {}
for i = 1, 100 do buffer[i] = ("row %d\n"):format(i):upper():lower():reverse():reverse() end
print(#table.concat(buffer), buffer[100]:sub(1, -2)) -- expect: 692 row 100
