#!/usr/bin/env bash
# Runs the official test suite of Lua 5.4.8 under every collector and compares
# with expected.txt, in which each deviation is listed with its reason. What fails
# and is not listed, and what passes and is listed, both count as failures.
#
#   tests/official/run.sh [--if-available] [--gc NAME]... [--only PART] [DIR]
#
# DIR, or LUA_TESTS, is the folder `testes` of the reference implementation's
# repository at tag v5.4.8; without it the repository is cloned. Its content is
# checked, so an edited suite cannot pass for the original. The suite is not part
# of this repository. --if-available: without a suite, say so and leave with 0.
# --only all-u|all|single runs one of the three parts:
#
#   all-u   all.lua with _U=true (each file is dumped and loaded again)
#   all     all.lua in full, standard input a pipe
#   single  every file by itself, in full; heavy.lua only with HEAVY=1 (it wants memory)
#
# MOONSWEEP names the binary (default target/release/moonsweep).
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
moonsweep=${MOONSWEEP:-$here/../../target/release/moonsweep}
tree=d93569503770814e8822c4cdcf4026001c8e9f13 # of testes/ at v5.4.8
optional="" only="" collectors=() dir=${LUA_TESTS:-}
while [ $# -gt 0 ]; do
  case $1 in
    --if-available) optional=yes ;;
    --gc) collectors+=("$2"); shift ;;
    --only) only=$2; shift ;;
    *) dir=$1 ;;
  esac
  shift
done
fail() { echo "official: $*" >&2; exit 2; }
command -v "$moonsweep" >/dev/null || fail "cannot find $moonsweep"
moonsweep=$(readlink -f "$(command -v "$moonsweep")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [ -z "$dir" ]; then
  if GIT_TERMINAL_PROMPT=0 timeout 120 git clone -q --depth 1 --branch v5.4.8 \
    https://github.com/lua/lua "$work/lua" 2>"$work/clone.err"; then
    dir=$work/lua/testes
  elif [ -n "$optional" ]; then
    echo "official: not run, the suite cannot be had here: $(tail -n 1 "$work/clone.err")"
    exit 0
  else
    fail "no suite: give its folder, or LUA_TESTS; $(tail -n 1 "$work/clone.err")"
  fi
fi
[ -f "$dir/all.lua" ] || fail "$dir has no all.lua"
cp -R "$dir" "$work/original"
got=$(cd "$work/original" && git init -q "$work/check" && export GIT_DIR="$work/check/.git" GIT_WORK_TREE=. &&
  git -c core.autocrlf=false -c core.safecrlf=false add -A -f . && git write-tree)
[ "$got" = "$tree" ] || fail "$dir is not the suite of v5.4.8 (tree $got, expected $tree)"
# The suite's C modules cannot be built for us. The one that main.lua asks for by
# `-l` has a stand-in in Lua, found through package.path.
echo 'return { id = function() return true end }' >"$work/original/lib2-v2.lua"

if [ ${#collectors[@]} -eq 0 ]; then
  read -ra collectors <<<"$("$moonsweep" --help | tr '\n' ' ' | sed -n 's/.*The collector: \([^;]*\);.*/\1/p' | tr -d ',')"
fi
[ ${#collectors[@]} -gt 0 ] || fail "the program does not name its collectors"

# run PART NAME COLLECTOR SECONDS COMMAND...: one program in a fresh copy of the
# suite, compared with what expected.txt says.
runs=0 bad=0
run() {
  local part=$1 name=$2 gc=$3 seconds=$4
  shift 4
  local reason started=$SECONDS
  reason=$(awk -v p="$part" -v n="$name" -v g="$gc" '$1==p && $2==n && ($3==g || $3=="*") { $1=$2=$3=""; sub(/^ +/, ""); print; exit }' "$here/expected.txt")
  [ "${reason%% *}" = skip ] && { echo "skip  $gc $part $name: ${reason#skip }"; return; }
  local status try
  for try in 1 2 3 4 5; do
    rm -rf "$work/run" && cp -R "$work/original" "$work/run"
    (
      cd "$work/run" || exit 99
      ulimit -c 0
      unset LUA_INIT LUA_INIT_5_4 LUA_PATH LUA_PATH_5_4 LUA_CPATH LUA_CPATH_5_4
      echo | LC_ALL=C timeout "$seconds" "$moonsweep" --gc "$gc" --heap-max 4G "$@" &
      wait $!
      status=$?
      # `timeout` leads a process group: what a failed test left in the background ends, too.
      kill -KILL -- -$! 2>/dev/null
      exit $status
    ) >"$work/out" 2>"$work/err"
    status=$?
    # main.lua starts programs in the background and reads the shell's `echo $!` first:
    # where one of the two was faster than the shell, it takes the "12" or "15" that the program
    # prints for the process's number.
    [ $status -ne 0 ] && grep -q 'running in background, pid 1[25])' "$work/out" || break
  done
  [ $status -eq 0 ] && [ "$name" = all ] && ! grep -q '^final OK !!!' "$work/out" && status="0, but no 'final OK !!!'"
  runs=$((runs + 1))
  if [ "$status" = 0 ] && [ -z "$reason" ]; then
    echo "ok    $gc $part $name ($((SECONDS - started)) s)"
  elif [ "$status" != 0 ] && [ -n "$reason" ]; then
    echo "known $gc $part $name: $reason"
  elif [ "$status" = 0 ]; then
    echo "FAIL  $gc $part $name passes now: take it off expected.txt ($reason)"
    bad=$((bad + 1))
  else
    echo "FAIL  $gc $part $name: status $status"
    tail -n 3 "$work/out" | sed 's/^/      stdout: /'
    tail -n 8 "$work/err" | cut -c 1-300 | sed 's/^/      stderr: /'
    bad=$((bad + 1))
  fi
}

for gc in "${collectors[@]}"; do
  case $only in "" | all-u) run all-u all "$gc" 300 -e '_U=true' all.lua ;; esac
  case $only in "" | all) run all all "$gc" 900 all.lua ;; esac
  case $only in "" | single)
    for file in "$work"/original/*.lua; do
      name=$(basename "$file" .lua)
      case $name in
        all | lib2-v2) continue ;;
        heavy) [ -n "${HEAVY:-}" ] || continue ;;
      esac
      # As all.lua prepares each file; big.lua yields.
      run single "$name" "$gc" 300 -e 'function Message(m) print(m) end' \
        -e "local f = assert(loadfile('$name.lua')); if '$name' == 'big' then f = coroutine.wrap(f); f() end f()"
    done
    ;;
  esac
done
echo "official: $((runs - bad)) of $runs runs as expected under ${collectors[*]}"
[ "$bad" -eq 0 ] && [ "$runs" -gt 0 ]
