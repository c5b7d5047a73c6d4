-- expect-error: exit_status.lua:5: bad argument #1 to 'insert' (table expected, got nil)
-- A runtime error after output: what was printed is there, status 1.
io.write("no newline at the end")
io.write("\n") -- expect: no newline at the end
table.insert(nil, 1)
