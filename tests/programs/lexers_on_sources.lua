-- Text processing at scale: counts the words, patterns and tokens of every
-- installed Lua source, and formats a report.
local files = {}
for name in io.popen("LC_ALL=C ls /usr/share/lua/5.1/luacheck/*.lua /usr/share/lua/5.1/pl/*.lua"):lines() do files[#files + 1] = name end
local total, words, longest = 0, {}, ""
for _, name in ipairs(files) do
  local f = assert(io.open(name, "rb"))
  local text = f:read("a")
  f:close()
  local lines = select(2, text:gsub("\n", "\n"))
  local functions = select(2, text:gsub("%f[%w]function%f[%W]", ""))
  local comments, code = 0, text:gsub("%-%-[^\n]*", "")
  comments = #text - #code
  for w in code:gmatch("[%a_][%w_]*") do words[w] = (words[w] or 0) + 1; if #w > #longest then longest = w end end
  local sum = 0
  for i = 1, #text do sum = (sum * 31 + text:byte(i)) % 65521 end
  total = total + lines
  print(("%-45s %5d lines %4d functions %5.1f%% comments %05d"):format(name:match("[^/]*/[^/]*$"), lines, functions, 100 * comments / #text, sum))
end
local sorted = {}
for w, n in pairs(words) do sorted[#sorted + 1] = { w, n } end
table.sort(sorted, function(a, b) if a[2] ~= b[2] then return a[2] > b[2] end return a[1] < b[1] end)
for i = 1, 40 do io.write(sorted[i][1], "=", sorted[i][2], i % 8 == 0 and "\n" or " ") end
print(total, #sorted, longest)
