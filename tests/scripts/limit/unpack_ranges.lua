-- Absurd ranges in unpack, concat, select, byte and table functions.
print(pcall(table.unpack, {}, 1, 1e9)) -- expect: false too many results to unpack
print(pcall(table.unpack, {}, -1e9, 1e9)) -- expect: false too many results to unpack
print(pcall(table.unpack, {}, math.mininteger, 0)) -- expect: false too many results to unpack
print(pcall(table.unpack, {}, 0, math.maxinteger)) -- expect: false too many results to unpack
print(select("#", table.unpack({}, 1, 200000)) == 200000) -- expect: true
print(pcall(table.concat, {}, "", 1, math.maxinteger)) -- expect: false invalid value (nil) at index 1 in table for 'concat'
print((select(2, pcall(table.concat, {}, "x", math.mininteger, 1)):match("^invalid value %(nil%) at index")))
-- expect: invalid value (nil) at index
print(pcall(string.byte, ("x"):rep(1e7), 1, -1)) -- expect: false stack overflow (string slice too long)
print(pcall(string.char, table.unpack({}, 1, 3))) -- expect: false bad argument #1 to 'string.char' (number expected, got nil)
print(pcall(select, math.mininteger, 1)) -- expect: false bad argument #1 to 'select' (index out of range)
print(select(math.maxinteger, 1, 2, 3) == nil, select("#", select(math.maxinteger, 1))) -- expect: true 0
print(pcall(table.insert, setmetatable({}, { __len = function() return math.maxinteger end }), 1)) -- expect: true
print(pcall(table.move, { 1 }, 0, math.maxinteger, 1)) -- expect: false bad argument #3 to 'table.move' (too many elements to move)
print(pcall(utf8.codepoint, ("x"):rep(1e7), 1, -1)) -- expect: false stack overflow (string slice too long)
print(("x"):rep(10):sub(math.mininteger, math.maxinteger), ("abc"):sub(math.maxinteger) == "") -- expect: xxxxxxxxxx true
print((select(2, pcall(table.remove, { 1 }, math.maxinteger)):match("position out of bounds"))) -- expect: position out of bounds
