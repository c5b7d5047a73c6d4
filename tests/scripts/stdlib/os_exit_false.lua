-- expect-error: last words
-- os.exit(false) gives status 1; standard output is flushed.
io.stdout:write("unflushed text")
io.stdout:write("\n") -- expect: unflushed text
io.stderr:write("last words\n")
os.exit(false)
