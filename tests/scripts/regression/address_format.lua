-- Addresses are written as C writes them.
local values = { {}, print, function() end, coroutine.create(print), io.stdout }
for _, v in ipairs(values) do
  local p = string.format("%p", v)
  -- as C's %p: no leading zeros, however long
  print(p:match("^0x[1-9a-f]%x*$") == p, io.type(v) ~= nil or tostring(v):match(": (0x%x+)$") == p)
  print(string.format("%-30p|", v) == p .. (" "):rep(30 - #p) .. "|")
end
print(string.format("%p", 1), string.format("%10p", nil))
-- expect: true true
-- expect: true
-- expect: true true
-- expect: true
-- expect: true true
-- expect: true
-- expect: true true
-- expect: true
-- expect: true true
-- expect: true
-- expect: (null)     (null)
