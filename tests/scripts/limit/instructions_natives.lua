-- Long natives are charged and polled: the limit ends them in time.
-- flags: --max-instructions 3M
-- timeout: 120
-- expect-error: instruction limit reached
local subject = ("a"):rep(60)
subject:find(("a?"):rep(60) .. subject)
print("not reached")
