-- expect-error: second error
-- An uncaught error whose __close raises another: the last one is reported.
local a <close> = setmetatable({}, { __close = function(_, e) print("closing", e:match("first %a+")); error("second error") end })
error("first error") -- expect: closing first error
