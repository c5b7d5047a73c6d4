-- A __gc that cannot be called says so by its name.
-- collects: yes
-- flags: -W
-- expect-warning: attempt to call a number value (metamethod '__gc'))
-- expect-warning: attempt to call a string value (metamethod '__gc'))
for _, f in ipairs { 3, "x" } do
  setmetatable({}, { __gc = f })
end
collectgarbage()
print("done") -- expect: done
