-- A module without a return value: require gives true.
local unused = 1
