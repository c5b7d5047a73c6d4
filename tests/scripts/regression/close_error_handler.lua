-- Errors raised in __close while xpcall unwinds reach its message handler.
local function closing(name, err)
  return setmetatable({}, { __close = function(_, e)
    print("close", name, e)
    if err then error(err, 0) end
  end })
end
local function handler(m) print("handler", m); return "<" .. tostring(m) .. ">" end
print(xpcall(function()
  local a <close> = closing("a", "ea")
  local b <close> = closing("b")
  local c <close> = closing("c", "ec")
  error("first", 0)
end, handler))
print(xpcall(function()
  local a <close> = closing("a", "ea")
  return 1
end, handler))
-- nested
print(xpcall(function()
  local a <close> = closing("a", "ea")
  print(pcall(function() local b <close> = closing("b", "eb"); error("inner", 0) end))
  error("outer", 0)
end, handler))
local co = coroutine.wrap(function()
  return xpcall(function()
    local a <close> = closing("a", "ea")
    local b <close> = setmetatable({}, { __close = function(_, e) print("yielding close", e); coroutine.yield(1); error("eb", 0) end })
    error("first", 0)
  end, handler)
end)
print(co()) print(co())
print(xpcall(function(...)
  local a <close> = closing("a", "ea")
  error("with arguments", 0)
end, handler, 1, 2, 3))
print(xpcall(setmetatable({}, {__call = function() local x <close> = closing("x", "ex") error("e", 0) end}), handler, 1))
-- expect: handler first
-- expect: close c <first>
-- expect: handler ec
-- expect: close b <ec>
-- expect: close a <ec>
-- expect: handler ea
-- expect: false <ea>
-- expect: close a nil
-- expect: handler ea
-- expect: false <ea>
-- expect: close b inner
-- expect: false eb
-- expect: handler outer
-- expect: close a <outer>
-- expect: handler ea
-- expect: false <ea>
-- expect: handler first
-- expect: yielding close <first>
-- expect: 1
-- expect: handler eb
-- expect: close a <eb>
-- expect: handler ea
-- expect: false <ea>
-- expect: handler with arguments
-- expect: close a <with arguments>
-- expect: handler ea
-- expect: false <ea>
-- expect: handler e
-- expect: close x <e>
-- expect: handler ex
-- expect: false <ex>
