-- `#` of lists with holes: any border is right, but programs see which one. Constructors and
-- argument lists with nils in every combination, and lists filled in ascending order.
for n = 1, 10 do
  for bits = 0, (1 << n) - 1 do
    local items = {}
    for i = 1, n do items[i] = (bits >> (i - 1)) & 1 == 1 and i or "nil" end
    local list = table.concat(items, ",")
    local constructed = load("return {" .. list .. "}")()
    local packed = load("return table.pack(" .. list .. ")")()
    local arguments = load("local function f(...) return {...} end return f(" .. list .. ")")()
    local behind = load("local function f(...) return {1, ...} end return f(" .. list .. ")")()
    print(list, #constructed, #packed, #arguments, #behind, select("#", table.unpack(constructed)))
  end
end
for last = 1, 9 do
  for holes = 0, (1 << (last - 1)) - 1 do
    local t, keys = {}, {}
    for i = 1, last do
      if i == last or (holes >> (i - 1)) & 1 == 0 then
        t[i] = i
        keys[#keys + 1] = i
      end
    end
    print(table.concat(keys, ","), #t)
  end
end
