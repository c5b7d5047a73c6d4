-- Benchmark: a lexer. Tokenises generated program text by byte tests and by
-- anchored patterns. Argument: number of rounds.
local N = tonumber((...)) or 70
local byte, sub, find = string.byte, string.sub, string.find

local out = {}
for i = 1, 300 do
  out[#out + 1] = "local function f" .. i .. "(a, b_" .. i .. ", ...)"
  out[#out + 1] = "  if a >= " .. i .. " and b_" .. i .. " ~= 0x" .. string.format("%x", i * 77) .. " then -- compare " .. i
  out[#out + 1] = '    return "text\\n" .. a * ' .. i .. ".5e3 // (b_" .. i .. " << 2)"
  out[#out + 1] = "  else goto done_" .. i .. " end"
  out[#out + 1] = "  ::done_" .. i .. ":: t['k" .. i .. "'] = {1, 2; x = nil}"
  out[#out + 1] = "end"
end
local source = table.concat(out, "\n") .. "\n"

local keywords = {}
for w in ("and break do else elseif end false for function goto if in local nil not or repeat return then true until while"):gmatch("%a+") do
  keywords[w] = true
end
local pairs_of = {
  ["=="] = true, ["~="] = true, ["<="] = true, [">="] = true, ["//"] = true,
  ["::"] = true, ["<<"] = true, [">>"] = true, [".."] = true,
}

local function tokens_by_bytes(s)
  local i, n, line = 1, #s, 1
  local tokens = {}
  while i <= n do
    local c = byte(s, i)
    if c == 10 then
      line = line + 1
      i = i + 1
    elseif c == 32 or c == 9 then
      i = i + 1
    elseif c == 95 or c >= 97 and c <= 122 or c >= 65 and c <= 90 then
      local j = i + 1
      while true do
        local d = byte(s, j)
        if not d or not (d == 95 or d >= 97 and d <= 122 or d >= 65 and d <= 90 or d >= 48 and d <= 57) then break end
        j = j + 1
      end
      local word = sub(s, i, j - 1)
      tokens[#tokens + 1] = { kind = keywords[word] and "keyword" or "name", text = word, line = line }
      i = j
    elseif c >= 48 and c <= 57 then
      local _, e = find(s, "^[%w.]+", i)
      tokens[#tokens + 1] = { kind = "number", text = sub(s, i, e), line = line }
      i = e + 1
    elseif c == 34 or c == 39 then
      local j = i + 1
      while byte(s, j) ~= c do
        if byte(s, j) == 92 then j = j + 1 end
        j = j + 1
      end
      tokens[#tokens + 1] = { kind = "string", text = sub(s, i, j), line = line }
      i = j + 1
    elseif c == 45 and byte(s, i + 1) == 45 then
      i = find(s, "\n", i, true)
    else
      local op = sub(s, i, i + 1)
      if not pairs_of[op] then op = sub(s, i, i) end
      tokens[#tokens + 1] = { kind = "op", text = op, line = line }
      i = i + #op
    end
  end
  return tokens, line
end

local rules = {
  { "^%s+" }, { "^%-%-[^\n]*" }, { "^[%a_][%w_]*", "name" }, { "^0[xX]%x+", "number" },
  { "^%d+%.?%d*[eE]?[+-]?%d*", "number" }, { '^"[^"]*"', "string" }, { "^'[^']*'", "string" },
  { "^[=~<>]=", "op" }, { "^::", "op" }, { "^<<", "op" }, { "^//", "op" }, { "^%.%.", "op" }, { "^%p", "op" },
}
local function count_by_patterns(s)
  local i, n, counts = 1, #s, {}
  while i <= n do
    for r = 1, #rules do
      local rule = rules[r]
      local a, b = find(s, rule[1], i)
      if a then
        local kind = rule[2]
        if kind then counts[kind] = (counts[kind] or 0) + 1 end
        i = b + 1
        break
      end
    end
  end
  return counts
end

local total = 0
for round = 1, N do
  local tokens, lines = tokens_by_bytes(source)
  local by_kind = {}
  for _, t in ipairs(tokens) do by_kind[t.kind] = (by_kind[t.kind] or 0) + #t.text + t.line % 2 end
  local counts = count_by_patterns(source)
  total = total + #tokens * round + lines + by_kind.name + by_kind.keyword + by_kind.op
    + counts.name + counts.op + counts.number
end
print("lexer", N, #source, total)
