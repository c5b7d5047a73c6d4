-- stress: off
-- Unbounded recursion raises a catchable error, in many shapes, repeatedly.
local function overflow(f, ...) local ok, e = pcall(f, ...); return ok, type(e) == "string" and (e:match("stack overflow") or e) end
local function plain(n) return 1 + plain(n + 1) end
print(overflow(plain, 1)) -- expect: false stack overflow
local function a() local x = b_global(); return x end
function b_global() local y = a(); return y end
print(overflow(a)) -- expect: false stack overflow
local t = setmetatable({}, { __index = function(t, k) return t[k == "a" and "b" or "a"] .. "" end })
print(overflow(function() return t.k end)) -- expect: false stack overflow
local add = setmetatable({}, {}); getmetatable(add).__add = function(x, y) return (x + y) .. "" end
print(overflow(function() return add + 1 end)) -- expect: false stack overflow
local call = setmetatable({}, {}); getmetatable(call).__call = function(self) return 1 + self() end
print(overflow(call)) -- expect: false stack overflow
local ts = setmetatable({}, {}); getmetatable(ts).__tostring = function(s) return tostring(s) .. "" end
print((overflow(tostring, ts))) -- expect: false
print((overflow(function() local function s() return ("x"):gsub("x", s) .. "" end return s() end))) -- expect: false
print((overflow(function() local function s() table.sort({ 1, 2, 3 }, s) return true end return s() end))) -- expect: false
local function viapcall(n) local ok, e = pcall(viapcall, n + 1); if not ok then error(e, 0) end return e end
print((pcall(viapcall, 1))) -- expect: false
for _ = 1, 5 do assert(not pcall(plain, 1)) end
print(overflow(plain, 1)) -- expect: false stack overflow
local function depth(n) if n == 0 then return 0 end return 1 + depth(n - 1) end
print(depth(20000), pcall(depth, 20000)) -- expect: 20000 true 20000
local eq = setmetatable({}, { __eq = function(p, q) return not (p == q) end })
print(overflow(function() return eq == setmetatable({}, getmetatable(eq)) end)) -- expect: false stack overflow
local co = coroutine.wrap(function() return pcall(plain, 1) end)
local ok, e = co()
print(ok, e:match("stack overflow"), overflow(plain, 1)) -- expect: false stack overflow false stack overflow
