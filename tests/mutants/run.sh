#!/usr/bin/env bash
# Applies each mutant of tests/mutants/list to a copy of the repository, runs the
# tests named there, and says whether they failed ("killed"), hung ("hangs": killed
# as well), or passed ("SURVIVED"). Ends with status 1 if one survives that is not
# argued to do no harm ("equivalent") or to be beyond the checker ("argued"), or if one cannot be applied.
#
#   tests/mutants/run.sh                  all
#   tests/mutants/run.sh NAME...          those whose name matches one of the words
#   GC_SEEDS=4                            random programs of each kind
#   MUTANT_TIMEOUT=300                    seconds that a set of tests may take
#   MUTANT_DIR=/tmp/moonsweep-mutants     where the copies and the builds go
#   MUTANT_TRUST=1                        do not run the tests without a mutant first
#   MUTANT_CHECK=1                        only see whether each mutant can be applied
#   MUTANT_PREFIX=                        a command to run cargo by
set -uo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
dir=${MUTANT_DIR:-/tmp/moonsweep-mutants}
limit=${MUTANT_TIMEOUT:-300}
prefix=${MUTANT_PREFIX:-}
export CARGO_TARGET_DIR=$dir/target CARGO_TERM_COLOR=never RUST_BACKTRACE=0 GC_SEEDS=${GC_SEEDS:-4}
# The lists of tests that a mutant can name.
declare -A tests=(
  [models]="--test models"
  [graphs]="--test random_graphs --test semantics --test ephemerons"
  [helpers]="--test helpers"
  [refcount]="--test refcount --test rounds --test entries"
  [counts]="--test random_graphs -- every_collector switching counting"
)
# Those that need only some collectors: `GC_KINDS`.
declare -A kinds=([refcount]=refcount [counts]=refcount)

if [ -n "${MUTANT_CHECK:-}" ]; then
  total=0 bad=0
  mutant() {
    total=$((total + 1))
    FROM=$5 TO=$6 perl -0777 -ne '
      my $n = () = /\Q$ENV{FROM}\E/g;
      exit($n == 1 && $ENV{FROM} ne $ENV{TO} ? 0 : 1)' "$root/$2" && return
    echo "$1: CANNOT BE APPLIED to $2"
    bad=$((bad + 1))
  }
  # shellcheck source=/dev/null
  source "$root/tests/mutants/list"
  echo "$((total - bad)) of $total mutants can be applied"
  [ $total -gt 100 ] && [ $bad = 0 ]
  exit
fi

# The root may be edited meanwhile. What is extracted is newer than the last build, which
# may have been of a mutant.
rm -rf "$dir/copy" "$dir/pristine"
mkdir -p "$dir/copy" "$dir/pristine"
git ls-files -z --cached --others --exclude-standard |
  tar --null --files-from=- --create --file=- |
  tar --extract --touch --file=- --directory="$dir/pristine" || exit 2
cp -R "$dir/pristine/." "$dir/copy" || exit 2

# run SETS: the status of the first set of tests that fails, or 0. What was killed says so in $dir/log.
run() {
  local set status
  for set in $1; do
    # How long building takes says nothing about the mutant.
    # shellcheck disable=SC2086
    (cd "$dir/copy" && $prefix cargo test --no-run --profile fast --locked -p moonsweep-gc ${tests[$set]%% -- *}) >"$dir/log" 2>&1 || return 3
    # shellcheck disable=SC2086
    (cd "$dir/copy" && exec env ${kinds[$set]:+GC_KINDS=${kinds[$set]}} $prefix timeout "$limit" cargo test --profile fast --locked -p moonsweep-gc ${tests[$set]}) >"$dir/log" 2>&1
    status=$?
    [ $status = 124 ] && return 124
    [ $status != 0 ] && return 1
  done
  return 0
}

if [ -z "${MUTANT_TRUST:-}" ] && ! run "models graphs helpers refcount counts"; then
  echo "the tests fail without any mutant:"
  tail -30 "$dir/log"
  exit 2
fi

bad=0 killed=0 total=0 equivalent=0
# mutant NAME FILE TESTS WHY FROM TO, from the list
mutant() {
  local name=$1 file=$2 sets=$3 why=$4 status word wanted=$#
  if [ ${#words[@]} -gt 0 ]; then
    wanted=0
    for word in "${words[@]}"; do [[ $name =~ $word ]] && wanted=1; done
    [ $wanted = 1 ] || return 0
  fi
  total=$((total + 1))
  # The text must be there exactly once.
  if ! FROM=$5 TO=$6 perl -0777 -i -pe '
      my $n = () = /\Q$ENV{FROM}\E/g;
      die "found $n times\n" if $n != 1;
      s/\Q$ENV{FROM}\E/$ENV{TO}/;
    ' "$dir/copy/$file"; then
    cp "$dir/pristine/$file" "$dir/copy/$file"
    echo "$name: CANNOT BE APPLIED to $file"
    bad=$((bad + 1))
    return
  fi
  local start=$SECONDS
  run "$sets"
  status=$?
  local took=$((SECONDS - start))
  cp "$dir/pristine/$file" "$dir/copy/$file"
  local by
  by=$(grep -m3 -oE '^test [^ ]+.* FAILED' "$dir/log" | sed 's/^test \([^ ]*\).*/\1/; /^result:/d' | paste -sd' ')
  case $status in
    0)
      if [[ $why == "equivalent:"* || $why == "argued:"* ]]; then
        equivalent=$((equivalent + 1))
        echo "$name: passes, $why (${took}s)"
      else
        bad=$((bad + 1))
        echo "$name: SURVIVED (${took}s)"
      fi ;;
    3) bad=$((bad + 1)); echo "$name: DOES NOT COMPILE"; grep -m2 -A4 '^error' "$dir/log" ;;
    124) killed=$((killed + 1)); echo "$name: killed, hangs (${took}s)" ;;
    *) killed=$((killed + 1)); echo "$name: killed by ${by:-a crash} (${took}s)" ;;
  esac
}

words=("$@")
# shellcheck source=/dev/null
source "$root/tests/mutants/list"
echo "$killed of $total mutants killed, $equivalent equivalent, $bad to look at"
[ $bad = 0 ]
