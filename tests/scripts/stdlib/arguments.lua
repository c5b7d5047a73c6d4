-- args: one two --three
-- The arg table and ... hold the command line.
print(#arg, arg[1], arg[2], arg[3], arg[4]) -- expect: 3 one two --three nil
print(...) -- expect: one two --three
print(select("#", ...), arg[0]) -- expect: 3 arguments.lua
