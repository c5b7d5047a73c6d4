#!/usr/bin/env bash
# Runs the patterns of patterns.lua under moonsweep and lua5.4, side by side.
#
#   tests/bench/tables/run.sh [-n COUNT] [NAME ...]
#
#   -n COUNT  interleaved runs of each side (default 3); the best one counts
#   NAME      only patterns whose name contains one of these
#
# MOONSWEEP names the binary (default target/release/moonsweep), LUA the
# reference (default lua5.4). Printed are CPU nanoseconds an operation, kilobytes
# in use by the table at the end (after two collections), and the peak resident
# memory of the process in MB. The exit status says whether the checksums agreed.
set -u
export LC_ALL=C
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
moonsweep=${MOONSWEEP:-$here/../../../target/release/moonsweep}
lua=${LUA:-lua5.4}
runs=3
[ "${1:-}" = -n ] && { runs=$2; shift 2; }
failed=0
printf '%-32s %9s %9s %6s %9s %9s %6s %8s %8s\n' pattern 'lua ns' 'moon ns' ratio 'lua KB' 'moon KB' ratio 'lua MB' 'moon MB'
while read -r name; do
  chosen=$([ $# -eq 0 ] && echo 1)
  for part in "$@"; do [[ $name == *$part* ]] && chosen=1; done
  [ "$chosen" ] || continue
  l="" m=""
  for ((i = 0; i < runs; i++)); do
    l+=$(/usr/bin/time -f %M "$lua" "$here/patterns.lua" "$name" 2>&1 | tr '\n\t' '  ')$'\n'
    m+=$(/usr/bin/time -f %M "$moonsweep" "$here/patterns.lua" "$name" 2>&1 | tr '\n\t' '  ')$'\n'
  done
  paste -d ' ' <(echo -n "$l" | sort -n | head -1) <(echo -n "$m" | sort -n | head -1) |
    awk -v name="$name" '{
      printf "%-32s %9.1f %9.1f %6.2f %9d %9d %6.2f %8.1f %8.1f %s\n", name, $1, $5, $5 / $1,
        $2, $6, ($6 + 1) / ($2 + 1), $4 / 1024, $8 / 1024, $3 == $7 ? "" : "DIFFERENT " $3 " " $7
      exit $3 != $7
    }' || failed=1
done < <("$lua" "$here/patterns.lua")
exit $failed
