-- string.gmatch: words, captures, empty matches, anchors, start position.
local function all(s, p, i)
  local out = {}
  for a, b in s:gmatch(p, i) do out[#out + 1] = tostring(a) .. (b and ":" .. tostring(b) or "") end
  return #out .. "[" .. table.concat(out, "|") .. "]"
end
print(all("one two  three", "%a+"), all("k1=v1, k2=v2", "(%w+)=(%w+)")) -- expect: 3[one|two|three] 2[k1:v1|k2:v2]
print(all("abc", ""), all("abc", ".-"), all("a b", "%s*")) -- expect: 4[|||] 4[|||] 3[| |]
print(all("hello", "l"), all("hello", "x"), all("", "x*")) -- expect: 2[l|l] 0[] 1[]
print(all("abcabc", "^a"), all("abc abc", "abc", 2), all("abc", "%a", -2)) -- expect: 0[] 1[abc] 2[b|c]
print(all("a,b,,c", "([^,]*)"), all("1 22 333", "()%d+()")) -- expect: 4[a|b||c] 3[1:2|3:5|6:9]
print(all("x" .. ("ab"):rep(3), "ab")) -- expect: 3[ab|ab|ab]
for k, v in ("a=1;b=2"):gmatch("(%w)=(%w)") do io.write(k, "->", v, " ") end
print("") -- expect: a->1 b->2 
local it = ("z y"):gmatch("%a")
print(it(), it(), it(), type(it)) -- expect: z y nil function
print(pcall(string.gmatch, "x")) -- expect: false bad argument #2 to 'string.gmatch' (string expected, got no value)
-- iterating while another traversal of the same string goes on
local pairs_seen = 0
for a in ("123"):gmatch("%d") do for b in ("123"):gmatch("%d") do if a < b then pairs_seen = pairs_seen + 1 end end end
print(pairs_seen) -- expect: 3
