-- stress: off
-- After an allocation that cannot succeed the runtime stays usable.
for _ = 1, 3 do
  local ok, e = pcall(string.rep, "x", 1 << 46)
  print(ok, e == "not enough memory" or e)
  -- expect: false resulting string too large
  -- expect: false resulting string too large
  -- expect: false resulting string too large
end
local ok, e = pcall(string.rep, "ab", 1 << 45, ",")
print(ok, e == "not enough memory" or e) -- expect: false resulting string too large
local t = {}
for i = 1, 1000 do t[i] = { i } end
print(#t, t[1000][1], collectgarbage("count") < 100000) -- expect: 1000 1000 true
