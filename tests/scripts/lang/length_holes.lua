-- `#` of lists with holes that assignments made. Any border is right; these are the
-- reference's, on which programs depend.
local function filled(...)
  local t = {}
  for _, k in ipairs { ... } do t[k] = true end
  return #t
end
print(filled(1, 3)) -- expect: 1
print(filled(1, 4)) -- expect: 1
print(filled(1, 3, 4)) -- expect: 4
print(filled(1, 2, 4)) -- expect: 4
print(filled(1, 2, 3, 5)) -- expect: 3
print(filled(1, 2, 3, 5, 6, 7)) -- expect: 7
print(filled(1, 3, 5, 7)) -- expect: 1
print(filled(2, 3, 4)) -- expect: 4
print(filled(1, 2, 3, 4, 5, 6, 7, 8, 9, 11)) -- expect: 9
print(filled(1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12)) -- expect: 12
print(#{ 1, nil, 3 }, #{ 1, nil, 3, nil, nil }, #{ nil, nil, 3, nil }) -- expect: 3 1 3
print(select("#", table.unpack({ 1, nil, 3, nil, nil }))) -- expect: 1
print(table.pack(nil, 2, nil, nil).n, #table.pack(nil, 2, nil, nil)) -- expect: 4 2
