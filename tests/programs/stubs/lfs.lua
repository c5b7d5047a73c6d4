-- A stand-in for the C module lfs, in plain Lua, so that programs that need it
-- run the same way under every runtime: what io, os and a shell can tell.
local lfs = { _VERSION = "LuaFileSystem 1.8.0" }

local function quoted(path) return "'" .. path:gsub("'", "'\\''") .. "'" end

local function shell(command)
  local pipe = assert(io.popen(command .. " 2>/dev/null"))
  local text = pipe:read("a")
  pipe:close()
  return text ~= "" and text or nil
end

local function mode_of(path)
  local f = io.open(path, "rb")
  if not f then return nil end
  local _, _, code = f:read(0)
  local size = f:seek("end")
  f:close()
  if code == 21 then return "directory" end -- EISDIR
  return "file", size
end

function lfs.attributes(path, what)
  local mode, size = mode_of(path)
  if not mode then return nil, "cannot obtain information from file '" .. path .. "': No such file or directory", 2 end
  local all = { mode = mode, size = size, modification = 0, access = 0, change = 0 }
  if type(what) == "string" then return all[what] end
  return all
end
lfs.symlinkattributes = lfs.attributes

function lfs.currentdir() return (shell("pwd"):gsub("\n$", "")) end

function lfs.dir(path)
  local names = { ".", ".." }
  for name in (shell("LC_ALL=C ls -A " .. quoted(path)) or ""):gmatch("[^\n]+") do names[#names + 1] = name end
  local i = 0
  return function()
    i = i + 1
    return names[i]
  end
end

function lfs.mkdir(path) return os.execute("mkdir " .. quoted(path) .. " 2>/dev/null") end
function lfs.rmdir(path) return os.execute("rmdir " .. quoted(path) .. " 2>/dev/null") end

return lfs
