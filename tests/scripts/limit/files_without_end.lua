-- A file without an end is read up to the memory limit and no further.
-- flags: --heap-max 32M
for _, read in ipairs { loadfile, dofile, function(name) return assert(io.open(name)):read("a") end } do
  print(pcall(read, "/dev/zero")) -- expect: false not enough memory
end
-- expect: false not enough memory
-- expect: false not enough memory
