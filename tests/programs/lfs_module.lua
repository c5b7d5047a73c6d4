-- The module lfs: attributes, directories, links, locks, and what failures say.
local lfs = require "lfs"

local function show(name, f, ...)
  local values = table.pack(pcall(f, ...))
  for i = 1, values.n do values[i] = tostring(values[i]):gsub("0x%x+", "ADDRESS") end
  print(name, table.concat(values, " | "))
end

local top = os.tmpname()
os.remove(top)
assert(lfs.mkdir(top))
assert(lfs.chdir(top))
print(lfs.currentdir():match("[^/]+$") == top:match("[^/]+$"))
local function write(name, text)
  local f <close> = assert(io.open(name, "w"))
  f:write(text)
end

assert(os.execute [[
  mkdir d; printf hello >b; : >a; ln -s b l; ln -s nowhere dangling; mkfifo fifo
  chmod 4755 a; chmod 1770 d; chmod 000 fifo; chmod 640 b ]])

-- Attributes: those that do not depend on the time or the machine in full.
local times = { access = true, modification = true, change = true }
local machine = { ino = true, dev = true, blksize = true, blocks = true }
for _, name in ipairs { "a", "b", "l", "d", "fifo", "dangling", "/dev/null" } do
  for _, which in ipairs { "attributes", "symlinkattributes" } do
    local all = lfs[which](name)
    local names = {}
    for k in pairs(all or {}) do names[#names + 1] = k end
    table.sort(names)
    for i, k in ipairs(names) do
      local one = lfs[which](name, k)
      local v = all[k]
      assert(v == one, k)
      if times[k] then
        assert(math.type(v) == "integer")
        v = name:match("^/") and "time" or math.abs(v - os.time()) < 100
      elseif machine[k] then
        v = math.type(v)
      elseif k == "size" and name == "d" then
        v = v > 0
      end
      names[i] = k .. "=" .. tostring(v)
    end
    print(which, name, table.concat(names, " "))
  end
end
for _, which in ipairs { "attributes", "symlinkattributes" } do
  local f = lfs[which]
  show(which, f, "none")
  show(which, f, "none", "mode")
  show(which, f, "none", "nothing")
  show(which, f, "a/b")
  show(which, f, "")
  show(which, f, "b", "nothing")
  show(which, f, "b", "")
  show(which, f, "b", 12)
  show(which, f, "b", true)
  show(which, f, "b", nil)
  show(which, f, "b\0x", "size")
  show(which, f)
  show(which, f, {})
end
show("target", lfs.symlinkattributes, "l", "target")
show("target of none", lfs.symlinkattributes, "a", "target")
show("target", lfs.attributes, "l", "target")
local given = { old = 1, size = "x" }
print(lfs.attributes("b", given) == given, given.old, given.size, given.mode)
print(lfs.symlinkattributes("l", given) == given, given.target, given.mode)

-- Directories.
local function list(name)
  local names = {}
  for entry in lfs.dir(name) do names[#names + 1] = entry end
  table.sort(names)
  return table.concat(names, " ")
end
print(list("."))
print(list("d"))
show("dir", lfs.dir, "none")
show("dir", lfs.dir, "a")
show("dir", lfs.dir)
local step, dir, none, closing = lfs.dir(".")
print(type(step), type(dir), none, dir == closing, select("#", lfs.dir(".")))
print(type(dir:next()), type(step(dir)), getmetatable(dir).__name, tostring(dir):match("^[^:]+"))
print(select("#", dir:close()), select("#", dir:close()))
show("closed", dir.next, dir)
show("closed", step, dir)
show("no directory", step)
show("no directory", step, io.stdout)
local step, dir = lfs.dir(".")
while step(dir) do end
show("at the end", step, dir)
do
  local step, dir, _, closing = lfs.dir(".")
  do local c <close> = closing end
  show("after a block", step, dir)
end
for _ in lfs.dir(".") do break end
print(pcall(function() for _ in lfs.dir("none") do end end))
show("chdir", lfs.chdir, "none")
show("chdir", lfs.chdir, "a")
show("chdir", lfs.chdir, "d")
print(lfs.currentdir():match("[^/]+$"))
show("chdir", lfs.chdir, "..")
show("chdir", lfs.chdir)
for _, name in ipairs { "new", "new", "none/x", "a", "" } do show("mkdir " .. name, lfs.mkdir, name) end
print(lfs.attributes("new", "mode"))
write("new/file", "")
for _, name in ipairs { "new", "none", "a", "" } do show("rmdir " .. name, lfs.rmdir, name) end
os.remove("new/file")
show("rmdir", lfs.rmdir, "new")
show("mkdir", lfs.mkdir)
show("rmdir", lfs.rmdir, {})

-- Links and times.
show("link", lfs.link, "b", "hard")
show("link", lfs.link, "b", "hard")
show("link", lfs.link, "none", "hard2")
show("link", lfs.link, "b", "soft", true)
show("link", lfs.link, "b", "soft", true)
show("link", lfs.link, "b")
print(lfs.attributes("b", "nlink"), lfs.symlinkattributes("soft", "target"), lfs.symlinkattributes("hard", "mode"))
local function times_of(name) return lfs.attributes(name, "access"), lfs.attributes(name, "modification") end
show("touch", lfs.touch, "a", 1000, 2000) print(times_of("a"))
show("touch", lfs.touch, "a", 3000) print(times_of("a"))
show("touch", lfs.touch, "a", -1, -2) print(times_of("a"))
show("touch", lfs.touch, "a", 1.75) print(times_of("a"))
show("touch", lfs.touch, "a", nil, 7) print(times_of("a"))
show("touch", lfs.touch, "a") print(math.abs(times_of("a") - os.time()) < 100)
show("touch", lfs.touch, "none")
show("touch", lfs.touch, "a", "x")
show("touch", lfs.touch, "a", 1, 2.5)
show("touch", lfs.touch)

-- Locks.
local f = assert(io.open("b", "r+"))
for _, mode in ipairs { "r", "w", "rw", "x", "" } do show("lock " .. mode, lfs.lock, f, mode) end
show("lock", lfs.lock, f, "w", 2, 3)
show("lock", lfs.lock, f, "w", -1, 3)
show("lock", lfs.lock, f, "w", 1.5)
show("lock", lfs.lock, f)
show("lock", lfs.lock)
show("lock", lfs.lock, "b", "w")
show("lock", lfs.lock, (select(2, lfs.dir("."))), "w")
show("unlock", lfs.unlock, f)
show("unlock", lfs.unlock, f, 1, 1)
show("unlock", lfs.unlock)
local reader = assert(io.open("b"))
show("lock", lfs.lock, reader, "w")
show("lock", lfs.lock, reader, "r")
reader:close()
show("lock", lfs.lock, reader, "r")
show("unlock", lfs.unlock, reader)
show("setmode", lfs.setmode, f, "binary")
show("setmode", lfs.setmode, f, "text")
show("setmode", lfs.setmode, f, "x")
show("setmode", lfs.setmode, f)
show("setmode", lfs.setmode)
show("setmode", lfs.setmode, reader, "text")
f:close()
local lock = assert(lfs.lock_dir("d"))
print(type(lock), getmetatable(lock).__name, tostring(lock):match("^[^:]+"))
print(lfs.symlinkattributes("d/lockfile.lfs", "mode"))
show("locked", lfs.lock_dir, "d")
show("locked", lfs.lock_dir, "d", 1000)
show("free", lock.free, lock)
show("free", lock.free, lock)
show("free", lock.free)
print(lfs.symlinkattributes("d/lockfile.lfs"))
show("lock_dir", lfs.lock_dir, "none")
show("lock_dir", lfs.lock_dir)
lock = assert(lfs.lock_dir("d"))
lock:free()

-- The module itself.
print(lfs == package.loaded.lfs, lfs == _G.lfs, require "lfs" == lfs, lfs._VERSION)
local names = {}
for k in pairs(lfs) do names[#names + 1] = k end
table.sort(names)
print(table.concat(names, " "))

assert(lfs.chdir("/"))
assert(os.execute("rm -rf " .. top))
