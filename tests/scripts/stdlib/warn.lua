-- expect-warning: Lua warning: shown in pieces
-- expect-warning: Lua warning: after on
-- warn: switched by control messages, pieces are joined, goes to stderr.
print("start") -- expect: start
warn("hidden while off")
warn("@on")
warn("shown ", "in ", "pieces")
warn("@off")
warn("hidden again")
warn("@on")
warn("after on")
print("end") -- expect: end
