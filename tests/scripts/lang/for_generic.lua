-- Generic for: iterators, state, closing value, modification by the body.
for k, v in next, { 10 } do print(k, v) end -- expect: 1 10
for i, v in ipairs({ "a", "b", nil, "d" }) do print(i, v) end
-- expect: 1 a
-- expect: 2 b
local function count(limit, i) if i < limit then return i + 1, i * i end end
for i, sq in count, 3, 0 do print(i, sq) end
-- expect: 1 0
-- expect: 2 1
-- expect: 3 4
local function pairs_sorted(t)
  local keys = {}
  for k in pairs(t) do keys[#keys + 1] = k end
  table.sort(keys)
  local i = 0
  return function() i = i + 1; return keys[i], t[keys[i]] end
end
for k, v in pairs_sorted({ b = 2, a = 1, c = 3 }) do print(k, v) end
-- expect: a 1
-- expect: b 2
-- expect: c 3
for a, b, c, d in (function() local done; return function() if not done then done = true; return 1, 2 end end end)() do
  print(a, b, c, d) -- expect: 1 2 nil nil
end
local callable = setmetatable({ n = 0 }, { __call = function(self) self.n = self.n + 1; if self.n <= 2 then return self.n end end })
for v in callable do print("callable", v) end
-- expect: callable 1
-- expect: callable 2
do
  local closer = setmetatable({}, { __close = function(_, e) print("closed", e) end })
  for i in count, 2, 0, closer do print("body", i) end
  -- expect: body 1
  -- expect: body 2
  -- expect: closed nil
  for i in count, 5, 0, closer do if i == 2 then break end end -- expect: closed nil
  print(pcall(function() for i in count, 5, 0, closer do error("stop") end end))
end
-- expect: closed for_generic.lua:36: stop
-- expect: false for_generic.lua:36: stop
print(pcall(function() for i in 5 do end end))
-- expect: false for_generic.lua:40: attempt to call a number value (for iterator 'for iterator')
print(pcall(function() for i in nil do end end))
-- expect: false for_generic.lua:42: attempt to call a nil value (for iterator 'for iterator')
local obj = {}
print(pcall(function() for i in obj.iter do end end))
-- expect: false for_generic.lua:45: attempt to call a nil value (for iterator 'for iterator')
