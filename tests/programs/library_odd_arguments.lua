-- Every function of the standard library with odd arguments: results and messages. Left out are
-- those that read, write or end something, and what depends on the machine or differs between
-- releases of 5.4.
local function show(v)
  local t = math.type(v) or type(v)
  if t == "string" then return (string.format("%q", v):gsub("0x%x+", "ADDR"):gsub("\n","n")) end
  if t == "integer" or t == "float" or t == "nil" or t == "boolean" then return tostring(v) end
  return t
end
-- Files that a call was given or made; closed after it, or a heap that is never collected has
-- more of them open than a process may have.
local files, tmpfile = {}, io.tmpfile
io.tmpfile = function(...)
  local f = assert(tmpfile(...))
  files[#files + 1] = f
  return f
end
local function pack(ok, ...)
  local n = select("#", ...)
  local out = { tostring(ok) }
  for i = 1, math.min(n, 12) do out[#out + 1] = show((select(i, ...))) end
  if n > 12 then out[#out+1] = "#" .. n end
  return table.concat(out, " ")
end
local pool = {
  function() return nil end,
  function() return true end,
  function() return 0 end,
  function() return -1 end,
  function() return 3 end,
  function() return 2.0 end,
  function() return 2.5 end,
  function() return math.maxinteger end,

  function() return 1/0 end,
  function() return 0/0 end,
  function() return 1e300 end,
  function() return "" end,
  function() return "10" end,
  function() return "0x10" end,
  function() return "abc\0def" end,
  function() return "%d" end,
  function() return "(a*)" end,
  function() return "n" end,
  function() return {} end,
  function() return { 3, 1, 2 } end,
  function() return setmetatable({}, { __name = "My", __len = function() return 2 end, __index = function(_, k) return k end }) end,
  function() return setmetatable({}, { __tostring = function() return "TS" end }) end,
  function() return function(...) return ... end end,
  function() return type end,
  function() return coroutine.create(function(...) return ... end) end,
  function() return io.tmpfile() end,
}
local skip = {
  ["os.exit"] = true, ["os.execute"] = true, ["io.read"] = true, ["io.lines"] = false, ["debug.debug"] = true,
  ["os.clock"] = true, ["os.time"] = false, ["os.tmpname"] = true, ["io.popen"] = true, ["io.output"] = true, ["io.close"] = true,
  ["math.random"] = true, ["math.randomseed"] = true, ["_G.collectgarbage"] = true, ["_G.print"] = true, ["string.dump"] = true,
  ["debug.sethook"] = true, ["debug.setlocal"] = true, ["debug.getregistry"] = true, ["_G.require"] = true, ["_G.dofile"] = true, ["_G.loadfile"]=true,
  ["debug.setmetatable"] = true, ["io.input"] = true, ["debug.traceback"] = true, ["_G.warn"]=true, ["os.remove"]=true, ["os.rename"]=true,
  ["package.loadlib"] = true, ["io.write"] = true, ["os.setlocale"]=true, ["debug.setuservalue"]=false,["debug.getuservalue"]=false, ["debug.setupvalue"]=true,
  ["package.searchpath"]=true, ["io.open"]=true, ["debug.setcstacklimit"]=true, ["debug.upvaluejoin"]=true, ["debug.upvalueid"]=true,["io.flush"]=true,
}
local big = { ["string.rep"] = true, ["table.concat"] = true, ["table.unpack"] = true, ["table.move"] = true, ["table.insert"]=false, ["utf8.codepoint"]=true,["string.byte"]=true, }
local names = {}
local libs = { _G = _G, string = string, table = table, math = math, os = os, io = io, debug = debug, coroutine = coroutine, utf8 = utf8, package = package }
for l, lib in pairs(libs) do
  for k, v in pairs(lib) do
    if type(v) == "function" and (l ~= "_G" or true) and not skip[l .. "." .. k] then names[#names + 1] = { l .. "." .. k, v } end
  end
end
table.sort(names, function(a, b) return a[1] < b[1] end)
-- What C leaves open, or 5.4.8 does unlike the release that is compared with.
local function unsettled(name, a, b)
  if name == "table.remove" then return b ~= nil end
  if name == "math.ldexp" or name == "debug.getlocal" then return b == math.maxinteger or a == math.maxinteger end
  if name == "next" or name == "_G.next" then return math.type(b) == "float" end
  if name == "math.atan" or name == "math.atan2" then return true end -- one function, two names
  return (name == "os.time" or name == "os.date") and (a == nil or (name == "os.date" and b == nil))
end
local function try(name, f, ...)
  if unsettled(name, ...) then return end
  local r = pack(pcall(f, ...))
  local args = {}
  for i = 1, select("#", ...) do args[i] = show((select(i, ...))) end
  print(name .. "(" .. table.concat(args, ", ") .. ") -> " .. r)
end
local function close_files()
  for i = #files, 1, -1 do
    if io.type(files[i]) == "file" then files[i]:close() end
    files[i] = nil
  end
end
for _, e in ipairs(names) do
  local name, f = e[1], e[2]
  try(name, f)
  for i = 1, #pool do
    try(name, f, pool[i]())
    for j = 1, #pool do
      local a, b = pool[i](), pool[j]()
      local toobig = big[name] and ((tonumber(b) or 0) > 1e6 or (tonumber(b) or 0) < -1e6)
      if not toobig then try(name, f, a, b) end
      close_files()
    end
  end
end
-- three arguments, pseudo random
local seed = 42
local function rnd(n) seed = (seed * 1103515245 + 12345) % 2147483648; return (seed >> 8) % n + 1 end
for _, e in ipairs(names) do
  local name, f = e[1], e[2]
  if not big[name] then
  for i = 1, 150 do
    local n = 3 + rnd(2) - 1
    local args = {}
    for k = 1, n do args[k] = pool[rnd(#pool)]() end
    try(name, f, table.unpack(args, 1, n))
    close_files()
  end end
end
