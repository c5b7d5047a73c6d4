-- Comparing values of different types is an error that names the types.
local function why(f, ...) return (select(2, pcall(f, ...))) end
local lt = function(a, b) return a < b end
local le = function(a, b) return a <= b end
print(why(lt, 1, "2")) -- expect: compare_errors.lua:3: attempt to compare number with string
print(why(lt, "1", 2)) -- expect: compare_errors.lua:3: attempt to compare string with number
print(why(lt, {}, {})) -- expect: compare_errors.lua:3: attempt to compare two table values
print(why(le, {}, 1)) -- expect: compare_errors.lua:4: attempt to compare table with number
print(why(lt, nil, 1)) -- expect: compare_errors.lua:3: attempt to compare nil with number
print(why(le, true, false)) -- expect: compare_errors.lua:4: attempt to compare two boolean values
print(why(lt, print, print)) -- expect: compare_errors.lua:3: attempt to compare two function values
print(why(function() return 1 < "x" end)) -- expect: compare_errors.lua:12: attempt to compare number with string
print(why(function() return {} >= 2 end)) -- expect: compare_errors.lua:13: attempt to compare number with table
print(1 == "1", "1" == 1, nil == false, {} == {}) -- expect: false false false false
print("a" < "b", "a" < "B", "" < "a", "a" < "aa", "Z" < "a", "10" < "9") -- expect: true false true true true true
print("a\0b" < "a\0c", "a\0" > "a", "\xff" > "a") -- expect: true true true
