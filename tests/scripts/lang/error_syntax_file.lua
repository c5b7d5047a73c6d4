-- expect-error: error_syntax_file.lua:5: 'end' expected (to close 'if' at line 3) near <eof>
-- A syntax error in the main script: nothing runs, status 1.
if true then
  print("never printed")
