#!/usr/bin/env bash
# Times the benchmark programs of this folder under moonsweep and lua5.4.
#
#   tests/bench/run.sh [options] [program ...]
#
#   -n COUNT      interleaved runs of each side (default 5)
#   -g, --gc LIST collectors to time, separated by commas (default: the
#                 runtime's own default, with no --gc passed)
#   -m FILE       also write the result as a markdown table to FILE
#   -s SIZE       size argument given to every program (default: its own)
#   -h            this text
#
# MOONSWEEP names the binary (default target/release/moonsweep), LUA the
# reference (default lua5.4, whose stand-alone program runs its collector in
# generational mode). Runs alternate: reference, moonsweep, reference, ...
# No time counts before the outputs are byte for byte the same. Reported are
# medians of user+system CPU time and of peak resident memory. The exit status
# says whether the answers agreed; it never depends on a time.
set -u
export LC_ALL=C
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
moonsweep=${MOONSWEEP:-$here/../../target/release/moonsweep}
lua=${LUA:-lua5.4}
runs=5 collectors="" markdown="" size=""
usage() { sed -n '2,/^set -u/{/^set -u/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; }
programs=()
while [ $# -gt 0 ]; do
  case $1 in
    -n) runs=$2; shift 2 ;;
    -g|--gc) collectors=$2; shift 2 ;;
    -m) markdown=$2; shift 2 ;;
    -s) size=$2; shift 2 ;;
    -h|--help) usage; exit 0 ;;
    -*) echo "unknown option $1" >&2; usage >&2; exit 2 ;;
    *) programs+=("$(basename "$1" .lua)"); shift ;;
  esac
done
if [ ${#programs[@]} -eq 0 ]; then
  for f in "$here"/*.lua; do programs+=("$(basename "$f" .lua)"); done
fi
for tool in "$moonsweep" "$lua"; do
  command -v "$tool" >/dev/null || { echo "run.sh: cannot find $tool" >&2; exit 2; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
TIMEFORMAT='%3U %3S'

# run OUTPUT COMMAND...: leaves "seconds kilobytes" in $work/figures.
if [ -x /usr/bin/time ]; then
  launch() { /usr/bin/time -q -f %M -o "$work/rss" "$@"; }
else # poll the high-water mark that the kernel keeps
  launch() {
    "$@" & local pid=$! status
    while kill -0 $pid 2>/dev/null; do
      status=$(grep VmHWM /proc/$pid/status 2>/dev/null) && echo "${status//[!0-9]/}" >"$work/rss"
      sleep 0.02
    done
    wait $pid
  }
fi
run() {
  local out=$1 status; shift
  echo 0 >"$work/rss"
  { time launch "$@" >"$out" 2>"$work/stderr" </dev/null; } 2>"$work/times"
  status=$?
  echo "$(awk '{ print $1 + $2 }' "$work/times") $(tail -n 1 "$work/rss")" >"$work/figures"
  return $status
}
median() { sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

IFS=, read -ra kinds <<<"${collectors:-default}"
failed=0
row='%-15s %-13s %9s %9s %7s %9s %9s %7s %8s\n'
printf "$row" program collector 'lua s' 'moon s' ratio 'lua MB' 'moon MB' ratio 'diff MB'
[ -n "$markdown" ] && {
  echo "| program | collector | lua5.4 s | moonsweep s | time ratio | lua5.4 MB | moonsweep MB | memory ratio | difference MB |"
  echo "|---|---|---:|---:|---:|---:|---:|---:|---:|"
} >"$markdown"
for name in "${programs[@]}"; do
  script=$here/$name.lua
  [ -f "$script" ] || { echo "run.sh: no program $name" >&2; failed=1; continue; }
  rm -f "$work"/cpu.* "$work"/mem.*
  ok=()
  for kind in "${kinds[@]}"; do ok+=(1); done
  for ((i = 1; i <= runs; i++)); do
    if ! run "$work/expected" "$lua" "$script" $size; then
      echo "$name: $lua failed: $(tail -n 1 "$work/stderr")" >&2; failed=1; break
    fi
    read -r cpu mem <"$work/figures"; echo "$cpu" >>"$work/cpu.lua"; echo "$mem" >>"$work/mem.lua"
    for k in "${!kinds[@]}"; do
      [ "${ok[k]}" = 1 ] || continue
      kind=${kinds[k]} flags=()
      [ "$kind" = default ] || flags=(--gc "$kind")
      if ! run "$work/got" "$moonsweep" ${flags[@]+"${flags[@]}"} "$script" $size; then
        echo "$name: $kind failed: $(tail -n 1 "$work/stderr")" >&2; ok[k]=0; failed=1; continue
      fi
      read -r cpu mem <"$work/figures"
      if ! cmp -s "$work/expected" "$work/got"; then
        echo "$name: $kind gives another answer:" >&2
        diff "$work/expected" "$work/got" | head -n 6 >&2
        ok[k]=0; failed=1; continue
      fi
      echo "$cpu" >>"$work/cpu.$kind"; echo "$mem" >>"$work/mem.$kind"
    done
  done
  for k in "${!kinds[@]}"; do
    kind=${kinds[k]}
    [ "${ok[k]}" = 1 ] && [ -f "$work/cpu.$kind" ] || continue
    fields=$(echo "$(median <"$work/cpu.lua") $(median <"$work/cpu.$kind") $(median <"$work/mem.lua") $(median <"$work/mem.$kind")" |
      awk '{ a = $1 > 0 ? $1 : 0.001; m = $3 > 0 ? $3 : 1
        printf "%.3f %.3f %.3f %.1f %.1f %.2f %+.1f", $1, $2, $2 / a, $3 / 1024, $4 / 1024, $4 / m, ($4 - $3) / 1024 }')
    printf "$row" "$name" "$kind" $fields
    [ -n "$markdown" ] && echo "| $name | $kind | ${fields// / | } |" >>"$markdown"
    echo "$kind $name $fields" >>"$work/rows"
  done
done
[ -f "$work/rows" ] || exit 1
echo
for kind in "${kinds[@]}"; do
  summary=$(awk -v kind="$kind" '$1 == kind {
      n++; t += log($5 > 0 ? $5 : 0.001); m += log($8 > 0 ? $8 : 0.001)
      if ($5 > worst) { worst = $5; slow = $2 }
      if ($9 + 0 > most || n == 1) { most = $9 + 0; big = $2 }
      if ($5 <= 1) faster++
    } END { if (n) printf "%s: %d programs, time geometric mean %.3f, worst %.3f (%s), %d no slower than lua5.4; memory geometric mean %.2f, largest difference %+.1f MB (%s)", kind, n, exp(t / n), worst, slow, faster, exp(m / n), most, big }' "$work/rows")
  echo "$summary"
  [ -n "$markdown" ] && { echo; echo "$summary"; } >>"$markdown"
done
exit $failed
