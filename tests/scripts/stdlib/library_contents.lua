-- Every library holds the functions of Lua 5.4 (and at most the 5.3-compatible ones).
local compat = {}
for k in ("math.pow math.cosh math.sinh math.tanh math.frexp math.ldexp math.log10 math.atan2"):gmatch("%S+") do compat[k] = true end
local function list(name)
  local out = {}
  for k in pairs(_G[name]) do if not compat[name .. "." .. k] then out[#out + 1] = tostring(k) end end
  table.sort(out)
  print(name, #out, table.concat(out, " "))
end
list("string") -- expect: string 17 byte char dump find format gmatch gsub len lower match pack packsize rep reverse sub unpack upper
list("table") -- expect: table 7 concat insert move pack remove sort unpack
list("math")
-- expect: math 27 abs acos asin atan ceil cos deg exp floor fmod huge log max maxinteger min mininteger modf pi rad random randomseed sin sqrt tan tointeger type ult
list("coroutine") -- expect: coroutine 8 close create isyieldable resume running status wrap yield
list("utf8") -- expect: utf8 6 char charpattern codepoint codes len offset
list("os") -- expect: os 11 clock date difftime execute exit getenv remove rename setlocale time tmpname
list("io") -- expect: io 14 close flush input lines open output popen read stderr stdin stdout tmpfile type write
for _, field in ipairs({ "cpath", "path", "config", "loaded", "preload", "searchers", "searchpath" }) do
  io.write(field, ":", type(package[field]), " ")
end
print("") -- expect: cpath:string path:string config:string loaded:table preload:table searchers:table searchpath:function 
local ok = true
for _, name in ipairs({ "string", "table", "math", "coroutine", "utf8", "os", "io", "package", "debug", "_G" }) do
  ok = ok and package.loaded[name] == _G[name]
end
print(ok) -- expect: true
for _, f in ipairs({ "traceback", "getinfo" }) do io.write(f, ":", type(debug[f]), " ") end
print("") -- expect: traceback:function getinfo:function 
