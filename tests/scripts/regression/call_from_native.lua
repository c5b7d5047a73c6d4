-- What a native calls may not be callable, or not fit the stack: an error, no more.
for _, bad in ipairs { 5, "x", {} } do
  local t = setmetatable({}, { __tostring = bad, __len = bad, __index = 5, __lt = bad, __gc = bad })
  print(pcall(tostring, t))
  print(pcall(table.unpack, t))
  print(pcall(table.sort, { t, t }))
end
-- expect: false attempt to call a number value
-- expect: false attempt to call a number value
-- expect: false attempt to call a number value
-- expect: false attempt to call a string value
-- expect: false attempt to call a string value
-- expect: false attempt to call a string value
-- expect: false attempt to call a table value
-- expect: false attempt to call a table value
-- expect: false attempt to call a table value
print(pcall(string.gsub, "x", "x", setmetatable({}, { __index = 1 })))
-- expect: false attempt to index a number value
