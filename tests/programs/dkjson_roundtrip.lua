-- dkjson: encoding with ordered keys, decoding, errors with positions, nulls.
local json = require("dkjson")
local order = { "name", "tags", "pos", "x", "y", "deep", "list" }
local doc = {
  name = "moon \"quoted\" \\ \n\t\1 é \u{1F319}", tags = { "a", "b", true, false, json.null },
  pos = { x = 1, y = -2.5 }, deep = { list = { { { 1, 2, { x = 3 } } } } }, list = setmetatable({}, { __jsontype = "array" }),
}
local text = json.encode(doc, { keyorder = order })
print(text)
print(json.encode(doc, { keyorder = order, indent = true, level = 1 }))
local back, pos, err = json.decode(text, 1, json.null)
print(pos, err, back.name == doc.name, back.tags[5] == json.null, back.pos.y, #back.list, back.deep.list[1][1][3].x)
print(json.encode(back, { keyorder = order }) == text)
for _, n in ipairs({ 0, -0.0, 1, 1.5, 1e15, 1e16, 2^53, 1/3, 1e300, 5e-324, 123456789.125, math.maxinteger, math.mininteger }) do
  io.write(json.encode(n), " ")
end
print()
print(json.encode(0 / 0), json.encode(math.huge), json.encode(setmetatable({}, { __tojson = function() return "custom" end })))
for _, bad in ipairs({ "", "[1,2", '{"a" 1}', '{"a":}', "[1 2]", "nul", '"abc', '{"a":1,}', "[1,]", "// comment\n[1, /* x */ 2]", '"\\u12G4"', '"\\ud83c\\udf19"', " true ", "-", "1e5", "[1]x" }) do
  local v, p, e = json.decode(bad)
  print(type(v) == "table" and #v or v, p, e)
end
local big = {}
for i = 1, 300 do big[i] = { id = i, text = ("item %d"):format(i), half = i / 2 } end
local s = json.encode(big, { keyorder = { "id", "text", "half" } })
local again = json.decode(s)
local sum = 0
for _, item in ipairs(again) do sum = sum + item.id + item.half end
print(#s, #again, sum, again[300].text)
print(json.quotestring("\u{2028}\u{7f}\0</script>"))
local cyclic = {}
cyclic[1] = cyclic
print(pcall(json.encode, cyclic))
print(json.encode({ f = print }, { exception = function(reason, value, state, msg) return '"' .. reason .. '"' end }))
print(select(2, pcall(json.encode, { print })))
print(getmetatable(json.decode("[]")).__jsontype, getmetatable(json.decode("{}")).__jsontype, json.version)
