-- os: time, date, clock, getenv, tmpname, rename, remove, difftime, exit codes.
print(os.time({ year = 2024, month = 3, day = 15, hour = 12 }) - os.time({ year = 2024, month = 3, day = 14, hour = 12 })) -- expect: 86400
local t = { year = 2024, month = 14, day = -5, hour = 0 }
os.time(t)
print(t.year, t.month, t.day, t.yday, t.wday, t.isdst) -- expect: 2025 1 26 26 1 false
print(os.date("!%Y-%m-%d %H:%M:%S", 0), os.date("!%A %B %d %j %p %I %y %%", 86400 * 45))
-- expect: 1970-01-01 00:00:00 Sunday February 15 046 AM 12 70 %
local d = os.date("!*t", 1000000000)
print(d.year, d.month, d.day, d.hour, d.min, d.sec, d.wday, d.yday, d.isdst) -- expect: 2001 9 9 1 46 40 1 252 false
print(os.date("!%c", 0), os.date("!%x %X %D %F %T %R", 0), os.date("!%a %b %e", 0))
-- expect: Thu Jan  1 00:00:00 1970 01/01/70 00:00:00 01/01/70 1970-01-01 00:00:00 00:00 Thu Jan  1
print(math.type(os.time()), os.time() > 1600000000, type(os.clock()), os.clock() >= 0) -- expect: integer true number true
print(os.getenv("MOONSWEEP_SURELY_UNSET"), type(os.getenv("PATH"))) -- expect: nil string
print(os.difftime(10, 5), math.type(os.difftime(10, 5))) -- expect: 5.0 float
local name = os.tmpname()
print(type(name), io.open(name, "w"):write("x"):close()) -- expect: string true
print(os.rename(name, name .. ".moved"), os.remove(name .. ".moved")) -- expect: true true
local ok, msg, code = os.remove(name .. ".missing")
print(ok, msg == name .. ".missing: No such file or directory", code) -- expect: nil true 2
print(select("#", os.rename(name, name)), select(3, os.rename(name, name))) -- expect: 3 2
print(pcall(os.time, { year = 2024 })) -- expect: false field 'month' missing in date table
print(pcall(os.time, { year = "x", month = 1, day = 1 })) -- expect: false field 'year' is not an integer
print(pcall(os.time, { year = 2024, month = 1.5, day = 1 })) -- expect: false field 'month' is not an integer
print(pcall(os.date, "%", 0)) -- expect: false bad argument #1 to 'os.date' (invalid conversion specifier '%')
print(pcall(os.date, "%Q", 0)) -- expect: false bad argument #1 to 'os.date' (invalid conversion specifier '%Q')
print(pcall(os.date, "*t", 2^60)) -- expect: false date result cannot be represented in this installation
print(os.date("", 0) == "", #os.date(), os.setlocale("C"), os.setlocale(nil), os.setlocale("surely-not-a-locale")) -- expect: true 24 C C nil
print(os.execute() == true, os.execute("exit 3"), os.execute("true")) -- expect: true nil true exit 0
print(os.execute("kill -9 $$")) -- expect: nil signal 9
