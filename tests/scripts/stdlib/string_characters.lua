-- Strings of at most one byte, however they come about, are the same keys.
local s = "\0a\255b"
local seen = {}
for i = 1, #s do seen[s:sub(i, i)] = i end
print(seen["\0"], seen.a, seen["\255"], seen.b) -- expect: 1 2 3 4
print(seen[string.char(255)], seen[("xay"):match("[a-b]")], seen[string.rep("b", 1)]) -- expect: 3 2 4
print(seen[table.concat { "", "a", "" }], seen["ab" .. "" == "ab" and "b"]) -- expect: 2 4

-- all of them, twice, with collections between
local first = {}
for b = 0, 255 do first[b] = string.char(b) end
collectgarbage()
local same, bytes = 0, {}
for b = 0, 255 do
  local again = ("x" .. string.char(b)):sub(2)
  if again == first[b] and again:byte() == b and #again == 1 then same = same + 1 end
  bytes[again] = (bytes[again] or 0) + b
end
print(same, bytes["\0"], bytes["\200"]) -- expect: 256 0 200

-- the empty one
local empty = { [""] = "none" }
print(empty[("abc"):sub(3, 2)], empty[("abc"):rep(0)], #("abc"):sub(9)) -- expect: none none 0

-- weak tables keep them: strings are values
local weak = setmetatable({}, { __mode = "kv" })
for c in ("hello"):gmatch(".") do weak[c] = c end
collectgarbage()
local n = 0
for _ in pairs(weak) do n = n + 1 end
print(n, weak.h, weak[("l"):sub(1)]) -- expect: 4 h l
