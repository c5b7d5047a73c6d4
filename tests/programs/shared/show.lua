-- show(f): prints what f returns, or its error, without addresses of objects.
return function(f)
  local results = table.pack(pcall(f))
  for i = 1, results.n do
    local v = results[i]
    if type(v) == "table" and not getmetatable(v) then
      local keys = {}
      for k in pairs(v) do keys[#keys + 1] = tostring(k) .. "=" .. tostring(v[k]) end
      table.sort(keys)
      v = "{" .. table.concat(keys, " ") .. "}"
    end
    results[i] = tostring(v):gsub("(%a+): 0x%x+", "%1: ADDR")
  end
  print(table.concat(results, "\t", results[1] == "true" and 2 or 1))
end
