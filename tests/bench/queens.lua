-- Benchmark: backtracking. Counts all placements of n queens, with arrays of
-- attacked lines. Argument: board size.
local N = tonumber((...)) or 12

local function solve(n)
  local column, rising, falling = {}, {}, {}
  local solutions, checks, hash = 0, 0, 0
  local placed = {}
  local function place(row)
    if row > n then
      solutions = solutions + 1
      for i = 1, n do hash = (hash * 11 + placed[i]) % 1000000007 end
      return
    end
    for c = 1, n do
      checks = checks + 1
      if not column[c] and not rising[row + c] and not falling[row - c + n] then
        column[c], rising[row + c], falling[row - c + n] = true, true, true
        placed[row] = c
        place(row + 1)
        column[c], rising[row + c], falling[row - c + n] = false, false, false
      end
    end
  end
  place(1)
  return solutions, checks, hash
end

for n = 4, N do print("queens", n, solve(n)) end
for _ = 1, 3 do print("queens", N, solve(N)) end
