-- How a bad binary chunk is named in the message of load: in full, without `=` or `@`.
local whole = string.dump(load("return 1"))
local function try(...) print(select(2, load(...))) end
for _, name in ipairs { "=x", "@f.lua", "plain", "a\nb", ("n"):rep(70), "\27Lua", "a\0b", "" } do
  try(whole:sub(1, -2), name, "b")
end
-- expect: x: bad binary format (truncated chunk)
-- expect: f.lua: bad binary format (truncated chunk)
-- expect: plain: bad binary format (truncated chunk)
-- expect: a
-- expect: b: bad binary format (truncated chunk)
-- expect: nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn: bad binary format (truncated chunk)
-- expect: binary string: bad binary format (truncated chunk)
-- expect: a: bad binary format (truncated chunk)
-- expect: : bad binary format (truncated chunk)
try("\27Lua") -- expect: binary string: bad binary format (truncated chunk)
local parts = { "\27", "Lua" }
try(function() return table.remove(parts, 1) end) -- expect: (load): bad binary format (truncated chunk)
