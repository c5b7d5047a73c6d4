-- Code without lines has line -1 in messages, and no position in error's.
local f = load(string.dump(function(a) return a + 1 end, true))
print(pcall(f, {})) -- expect: false ?:-1: attempt to perform arithmetic on a table value
local g = load(string.dump(function() error("plain") end, true))
print(pcall(g)) -- expect: false plain
