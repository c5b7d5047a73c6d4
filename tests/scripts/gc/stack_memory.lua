-- stress: 200
-- collects: yes
-- Stacks grow and shrink: memory is given back, growing further works, in
-- coroutines as well.
local function down(n)
  if n == 0 then return 0 end
  local t = { n }
  local r = down(n - 1)
  assert(t[1] == n)
  return r + 1
end
local function churn(n)
  local t
  for i = 1, n do t = { t and t[1] or i } end
  return t
end
for _ = 1, 3 do
  print(down(6000)) -- expect: 6000
  churn(20000)
  -- expect: 6000
  -- expect: 6000
end
collectgarbage()
collectgarbage()
local before = collectgarbage("count")
print(down(9000)) -- expect: 9000
collectgarbage()
collectgarbage()
print(collectgarbage("count") - before < 400) -- expect: true

local threads = {}
for i = 1, 20 do
  threads[i] = coroutine.create(function(n)
    local function f(n)
      local t = { n }
      if n == 0 then coroutine.yield(i) else f(n - 1) end
      return t
    end
    return f(n)[1]
  end)
  assert(select(2, coroutine.resume(threads[i], 1500)) == i)
end
churn(5000)
local sum = 0
for i = 1, 20, 2 do sum = sum + select(2, coroutine.resume(threads[i])) end
print(sum) -- expect: 15000
threads = nil
collectgarbage()
collectgarbage()
print(collectgarbage("count") - before < 400) -- expect: true

-- what many arguments need
print(select("#", table.unpack({}, 1, 100000))) -- expect: 100000
print(down(100), #{ table.unpack({}, 1, 5000) }) -- expect: 100 0
