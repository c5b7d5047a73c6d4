#!/usr/bin/env bash
# Runs the programs of this folder, which exercise real Lua packages of Debian
# (lua-check, lua-penlight, lua-dkjson, lua-inspect, lua-argparse), under
# moonsweep and under lua5.4, and compares output and exit status byte for byte.
#
#   tests/programs/run.sh [-p PROGRAM] [moonsweep options, e.g. --gc none]
#
# MOONSWEEP names the binary (default target/release/moonsweep), LUA the
# reference (default lua5.4). C modules are kept out of both, but for lfs:
# lua5.4 gets Debian's lua-filesystem, moonsweep has its own.
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
moonsweep=${MOONSWEEP:-$here/../../target/release/moonsweep}
lua=${LUA:-lua5.4}
only=""
if [ "${1:-}" = -p ]; then only=$(basename "$2" .lua); shift 2; fi
for tool in "$moonsweep" "$lua"; do
  command -v "$tool" >/dev/null || { echo "run.sh: cannot find $tool (.ci/run installs lua5.4)" >&2; exit 2; }
done
for file in 5.1/luacheck/main.lua 5.1/pl/List.lua 5.4/dkjson.lua 5.3/inspect.lua 5.4/argparse.lua; do
  [ -f "/usr/share/lua/$file" ] || {
    echo "run.sh: /usr/share/lua/$file is missing; install lua-check lua-penlight lua-dkjson lua-inspect lua-argparse" >&2
    exit 2
  }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
lfs=$(ls /usr/lib/*/lua/5.4/lfs.so 2>/dev/null | head -n 1)
[ -n "$lfs" ] || { echo "run.sh: no lfs.so for lua5.4; install lua-filesystem" >&2; exit 2; }
mkdir "$work/c" && ln -s "$lfs" "$work/c/lfs.so"
path="$here/shared/?.lua"
for version in 5.4 5.3 5.1; do path="$path;/usr/share/lua/$version/?.lua;/usr/share/lua/$version/?/init.lua"; done
unset LUA_INIT LUA_INIT_5_4 LUA_PATH_5_4 LUA_CPATH_5_4
export LC_ALL=C TZ=UTC LUA_PATH="$path" LUA_CPATH="$work/c/?.so"
cd "$here" || exit 2

count=0 failed=0
for program in *.lua; do
  name=${program%.lua}
  [ -z "$only" ] || [ "$only" = "$name" ] || continue
  count=$((count + 1))
  timeout 600 "$lua" "$program" >"$work/lua.out" 2>"$work/lua.err" </dev/null; expected=$?
  timeout 600 "$moonsweep" "$@" "$program" >"$work/moon.out" 2>"$work/moon.err" </dev/null; got=$?
  problem=""
  [ "$expected" = "$got" ] || problem="exit status $got, expected $expected"
  cmp -s "$work/lua.out" "$work/moon.out" || problem="${problem:+$problem; }other output"
  # A program that only complains proves nothing, so none may.
  [ -s "$work/lua.err" ] && problem="${problem:+$problem; }$lua complains: $(head -n 3 "$work/lua.err")"
  [ -s "$work/moon.err" ] && problem="${problem:+$problem; }standard error: $(head -n 3 "$work/moon.err")"
  [ -s "$work/lua.out" ] || problem="${problem:+$problem; }$lua printed nothing"
  if [ -z "$problem" ]; then
    echo "ok    $name ($(wc -l <"$work/lua.out") lines)"
  else
    echo "FAIL  $name: $problem"
    diff "$work/lua.out" "$work/moon.out" | head -n 8 | sed 's/^/      /'
    failed=$((failed + 1))
  fi
done
[ "$count" -gt 0 ] || { echo "run.sh: no program to run" >&2; exit 2; }
echo "$((count - failed)) of $count programs give the reference's output ${*:+($*)}"
[ "$failed" -eq 0 ]
