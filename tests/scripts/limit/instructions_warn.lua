-- What `warn` copies is charged, also while warnings are off: large pieces end in time.
-- flags: --max-instructions 1M
-- timeout: 120
-- expect-error: instruction limit reached
warn("@off")
local piece = ("x"):rep(1000000)
while true do pcall(warn, piece, piece, piece) end
