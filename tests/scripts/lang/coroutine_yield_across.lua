-- Yields across pcall, xpcall, metamethods, iterators, sort-free natives.
local yield = coroutine.yield
local function run(name, f, ...)
  local co = coroutine.create(f)
  local r = table.pack(coroutine.resume(co, ...))
  local trail = {}
  while coroutine.status(co) == "suspended" do
    trail[#trail + 1] = tostring(r[2])
    r = table.pack(coroutine.resume(co, "r" .. #trail))
  end
  print(name, table.concat(trail, ","), table.unpack(r, 1, r.n))
end
run("pcall", function() return pcall(function() local x = yield("in"); return x end) end) -- expect: pcall in true true r1
run("pcall error", function() return pcall(function() yield(1); error("E", 0) end) end) -- expect: pcall error 1 true false E
run("nested", function() return pcall(pcall, function() yield(1); yield(2); error("deep", 0) end) end)
-- expect: nested 1,2 true true false deep
run("xpcall", function() return xpcall(function() yield(1); error("E", 0) end, function(m) return "H" .. m end) end)
-- expect: xpcall 1 true false HE
local mt = {}
for _, op in ipairs({ "add", "sub", "concat", "unm", "len", "eq", "lt", "le", "idiv", "band", "shl" }) do
  mt["__" .. op] = function() return yield(op) end
end
mt.__index = function(_, k) return yield("index " .. k) end
mt.__newindex = function(_, k, v) yield("newindex " .. k .. "=" .. tostring(v)) end
mt.__call = function(_, x) return yield("call " .. x) end
local a, b = setmetatable({}, mt), setmetatable({}, mt)
run("add", function() return a + 1 end) -- expect: add add true r1
run("sub", function() return 1 - a end) -- expect: sub sub true r1
run("concat", function() return "x" .. a .. "y" end) -- expect: concat concat true xr1
run("unm len", function() return -a, #a end) -- expect: unm len unm,len true r1 r2
run("eq", function() return a == b, a ~= b end) -- expect: eq eq,eq true true false
run("lt", function() return a < b, a >= b end) -- expect: lt lt,le true true true
run("le if", function() if a <= b then return "yes" else return "no" end end) -- expect: le if le true yes
run("bits", function() return a // 2, a & 1, a << 2 end) -- expect: bits idiv,band,shl true r1 r2 r3
run("index", function() return a.field end) -- expect: index index field true r1
run("newindex", function() a.field = 5; return "set" end) -- expect: newindex newindex field=5 true set
run("call", function() return a(7) end) -- expect: call call 7 true r1
run("iterator", function()
  local s = ""
  for v in function(_, c) local x = yield("next"); if #s < 4 then return x end end do s = s .. v end
  return s -- expect: iterator next,next,next true r1r2
end)
run("while cond", function() local n = 0; while a < b do n = n + 1; if n == 2 then break end end return n end)
-- expect: while cond lt,lt true 2
run("and or", function() return (a == b) and "t" or "f" end) -- expect: and or eq true t
run("vararg", function(...) local x = { yield(1), ... }; return #x end, 5, 6) -- expect: vararg 1 true 3
