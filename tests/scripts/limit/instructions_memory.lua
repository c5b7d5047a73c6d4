-- New memory is work too: a loop that only fills strings ends in time.
-- flags: --max-instructions 3M
-- timeout: 120
-- collects: yes
-- expect-error: instruction limit reached
while true do
  local s = ("x"):rep(1000000)
end
