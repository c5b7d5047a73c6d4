-- os.date with every conversion, os.time with fields out of their ranges.
local times = { 0, 1, -1, 86399, 951782400, 1709164800, 1711846799, 1711846800, 1711850400, 1729990799, 1729990800, 1729994400, 1e9//1|0, 2^31|0, -2^31|0, 253402300799, -62135596800, -62167219200, 4102444800, 1704067200, 1735689599, 1230768000, 1262304000, 1293840000, 978307200, -1e10//1|0 }
local convs = {}
for c in ("aAbBcCdDeFgGhHIjmMnprRStTuUVwWxXyYzZ%"):gmatch "." do convs[#convs + 1] = "%" .. c end
for c in ("cCxXyY"):gmatch "." do convs[#convs + 1] = "%E" .. c end
for c in ("deHImMSuUVwWy"):gmatch "." do convs[#convs + 1] = "%O" .. c end
local fmt = table.concat(convs, "|")
for _, t in ipairs(times) do
  for _, p in ipairs { "", "!" } do
    print(t, p, pcall(os.date, p .. fmt, t))
    local ok, d = pcall(os.date, p .. "*t", t)
    if ok then
      print(d.year, d.month, d.day, d.hour, d.min, d.sec, d.wday, d.yday, d.isdst)
      if p == "" then print(pcall(os.time, d), d.year, d.isdst) d.isdst = nil print(pcall(os.time, d)) end
    end
  end
end
for _, f in ipairs { "%", "%Q", "%E", "%Ea", "%O", "%Oa", "%k", "%s", "%P", "%5d", "%-d", "%_d", "%l", "%N", "%EQ", "%i", "%f", "x%", "%%%", "\0%d", "%d\0%m", "", "!", "!*t", "*tx", "!%c" } do
  local ok, r = pcall(os.date, f, 0)
  print(f, ok, type(r) == "table" and "table" or r)
end
for _, t in ipairs { { year = 2024, month = 1, day = 1 }, { year = 2024, month = 14, day = -5 }, { year = 2024, month = 1, day = 1, hour = 25, min = 61, sec = 61 }, { year = 2024, month = 7, day = 1, isdst = true }, { year = 2024, month = 1, day = 1, isdst = true }, { year = 2024, month = 7, day = 1, isdst = false }, { year = 2024, month = 3, day = 31, hour = 2, min = 30 }, { year = 2024, month = 10, day = 27, hour = 2, min = 30 }, { year = 2024, month = 3, day = 10, hour = 2, min = 30 }, { year = 2024, month = 11, day = 3, hour = 1, min = 30 }, { year = 2024 }, { year = 2024, month = 1 }, {}, { year = "2024", month = "1", day = "0x10" }, { year = 2024.0, month = 1.0, day = 2.0 }, { year = 2024.5, month = 1, day = 1 }, { year = "x", month = 1, day = 1 }, { year = 1 << 40, month = 1, day = 1 }, { year = 2024, month = 1 << 31, day = 1 }, { year = 2024, month = 1, day = 1, hour = 1 << 33 }, { year = 1900, month = 1, day = 1 }, { year = 1, month = 1, day = 1 }, { year = 0, month = 1, day = 1 }, { year = -1, month = 1, day = 1 }, { year = 2147483647 + 1900, month = 12, day = 31 }, { year = 2147483647 + 1901, month = 12, day = 31 }, { year = 2024, month = {}, day = 1 }, { year = 2024, month = 1, day = 1, isdst = 0 }, { year=2024, month=1, day=1, hour=math.maxinteger}, {year=-2147481748, month=1, day=1}, {year=-2147481749, month=1, day=1} } do
  print(pcall(os.time, t))
  print(t.year, type(t.month) == "table" and "table" or t.month, t.day, t.hour, t.min, t.sec, t.wday, t.yday, t.isdst)
end
print(pcall(os.date, "*t", math.maxinteger)) print(pcall(os.date, "%c", math.mininteger)) print(pcall(os.date, "%c", 1.5)) print(pcall(os.date, "%c", "10"))
print(os.difftime(10, 5), pcall(os.difftime, 10), pcall(os.difftime))
print(os.setlocale(), os.setlocale("C"), os.setlocale(nil, "all"), os.setlocale(""), os.setlocale("xx"), pcall(os.setlocale, "C", "bad"), os.setlocale("POSIX", "numeric"), os.setlocale("C", "collate"), os.setlocale("C","ctype"),os.setlocale("C","monetary"),os.setlocale("C","time"))
