-- goto: continue, nested exits, backward jumps, fresh locals, errors.
for i = 1, 4 do
  if i % 2 == 0 then goto continue end
  print(i)
  -- expect: 1
  -- expect: 3
  ::continue::
end
for i = 1, 3 do
  for j = 1, 3 do
    if i * j == 4 then print("found", i, j) goto done end -- expect: found 2 2
  end
end
::done::
do
  local n = 0
  ::top::
  n = n + 1
  if n < 3 then goto top end
  print("n", n) -- expect: n 3
end
do -- each turn of a goto loop makes a fresh local
  local fns, i = {}, 0
  ::again::
  local x = i
  fns[#fns + 1] = function() return x end
  i = i + 1
  if i < 3 then goto again end
  print(fns[1](), fns[2](), fns[3]()) -- expect: 0 1 2
end
do goto skip; local unused = 1; ::skip:: end
print(load("goto nowhere")) -- expect: nil [string "goto nowhere"]:1: no visible label 'nowhere' for <goto> at line 1
print(load("do ::a:: end goto a")) -- expect: nil [string "do ::a:: end goto a"]:1: no visible label 'a' for <goto> at line 1
print(load("::a:: ::a::")) -- expect: nil [string "::a:: ::a::"]:1: label 'a' already defined on line 1
print(load("goto f; local x; ::f:: print(x)"))
-- expect: nil [string "goto f; local x; ::f:: print(x)"]:1: <goto f> at line 1 jumps into the scope of local 'x'
print(load("repeat if x then goto cont end; local x = 1; ::cont:: until x"))
-- expect: nil [string "repeat if x then goto cont end; local x = 1; ..."]:1: <goto cont> at line 1 jumps into the scope of local 'x'
print((load("do goto e; local z; ::e:: ; end return 'ok'"))()) -- expect: ok
