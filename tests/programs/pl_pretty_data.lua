-- penlight: pretty, data, config, class, Date, func, comprehension, operator,
-- array2d, stringio, xml, input.
local show = require("show")
local pretty, data, class, Date, func = require("pl.pretty"), require("pl.data"), require("pl.class"), require("pl.Date"), require("pl.func")
local config, comp, op, array2d, stringio, xml = require("pl.config"), require("pl.comprehension").new(), require("pl.operator"), require("pl.array2d"), require("pl.stringio"), require("pl.xml")
show(function() return pretty.write({ 1, 2, { "x", y = 1 }, "it's", [10] = true }), pretty.write({ 1, { 2 } }, ""), pretty.write({ ["a b"] = 1 }, ""), pretty.number(123456, "N"), pretty.number(1536, "M"), pretty.number(1234567, "T") end)
show(function() return pretty.read("{1, 2, x = {3}}").x[1], pretty.read("{print()}"), pretty.load("a = 1; b = {2}").b[1], pretty.read("{ bad") end)
local csv = "name,age,score\nann,30,1.5\nbob,25,2.25\ncy,41,-3\n"
local d = data.read(stringio.open(csv))
show(function() return d.fieldnames, #d, d[2][1], d:column_by_name("age"), d:column_by_name("score"):reduce("+") end)
d:write(stringio.create())
show(function() return data.query(d, "name where age == '30' or age == 30")() end)
local out = stringio.create()
d:write(out)
show(function() return out:value() end)
local cfg = config.read(stringio.open("# comment\nport = 8080\nname = moon\nlist = 1,2,3\n[section]\nkey = value\nflag = true\nratio = 0.5\n"))
show(function() return cfg.port, cfg.name, table.concat(cfg.list, "+"), cfg.section.key, cfg.section.flag, cfg.section.ratio end)
local A = class(); function A:_init(n) self.n = n end function A:get() return self.n end A.__tostring = function(s) return "A(" .. s.n .. ")" end
local B = class(A); function B:_init(n) self:super(n * 2) end function B:get() return A.get(self) + 1 end
class.C(B); function C:_init() self:super(50) end
show(function() return A(1), B(5), C(), B(5):get(), C():get(), B(1):is_a(A), A(1):is_a(B), A:class_of(C()), C._base == B, A:cast({ n = 9 }):get() end)
local P = class(class.properties); function P:_init() self._x = 1 end function P:get_x() return self._x * 10 end function P:set_x(v) self._x = v end
local p = P()
p.x = 7
show(function() return p.x end)
local date = Date({ year = 2024, month = 2, day = 28, hour = 10, utc = true })
show(function() return date:year(), date:month(), date:last_day().tab.day, date:is_weekend(), date:add({ day = 2 }):day(), date:weekday_name(), date:month_name(true) end)
local df = Date.Format("yyyy-mm-dd HH:MM:SS")
show(function() return df:tostring(Date({ year = 2020, month = 12, day = 31, hour = 23, min = 59, sec = 58 })), df:parse("2021-03-04 05:06:07"):day(), df:parse("rubbish"), Date({ year = 2024, month = 1, day = 1 }) < Date({ year = 2024, month = 1, day = 2 }), Date.Interval(3661) end)
local _1, _2 = func._1, func._2
show(function() return func.I(_1 + _2 * 2)(3, 4), func.repr(_1 + _2 * "x"), func.bind(string.sub, _1, 2, _2)("hello", 4), func.I(_1:upper())("abc"), func.compose(math.sqrt, math.abs)(-16), func.I(-_1)(5), func.I(_1 .. "!")("a") end)
show(function() return table.concat(comp("x^2 for x=1,5")(), " "), comp("sum(x for x=1,10 if x % 2 == 0)")(), table.concat(comp("{x,y} for x=1,2 for y=3,4")()[3], ","), comp("table(x,x*2 for x=1,3)")()[3] end)
show(function() return op.add(1, 2), op.optable["~="](1, 2), op.call(math.max, 1, 5), op.lor(nil, 3), op.mod(7, 4), op.index({ 9 }, 1), op.table(1, 2)[2] end)
local m = { { 1, 2, 3 }, { 4, 5, 6 } }
local o2 = stringio.create()
array2d.write(array2d.map("*", m, 10), o2, "%4.0f")
show(function() return o2:value(), array2d.size(m) end)
show(function() return table.concat(array2d.column(m, 2), " "), array2d.reduce2("+", "*", m), array2d.product("..", { 1, 2 }, { "a" })[1] end)
show(function() return pretty.write(array2d.reshape(m, 3), ""), pretty.write(array2d.slice(m, 1, 2, 2, 3), ""), pretty.write(array2d.new(2, 2, 0), "") end)
local doc = xml.parse("<root b=\"two\"><item>text &amp; more</item><item/><!-- c --><deep><x>1</x></deep></root>", false, true)
show(function() return doc.tag, doc.attr.b, doc[1][1], xml.tostring(doc, "", "  "), doc:get_elements_with_name("x")[1][1], #doc:child_with_name("deep"), doc:first_childtag().tag end)
local html = xml.tags and xml.elem("ul", { xml.elem("li", "1"), xml.elem("li", { "2", id = "two" }) })
show(function() return tostring(html), xml.xml_escape("<a & 'b'>"), xml.compare(doc, xml.clone(doc)) end)
local f = stringio.open("10 20 thirty 40\nline two\n")
show(function() return f:read("n"), f:read("n"), f:read("l"), f:read("a") end)
show(function() for nums in require("pl.input").fields({ 1, 3 }, ",", stringio.open("1,2,3\n4,5,6\n")) do io.write(nums, " ") end end)
print()
