#!/usr/bin/env bash
# Runs tests under a sanitizer, in a copy of the repository.
#
#   tests/sanitizers/run.sh thread     the gc crate's tests with real helper threads
#   tests/sanitizers/run.sh address    the Lua scripts under every collector, and the gc crate's tests
#   tests/sanitizers/run.sh chunks     binary chunks that were tampered with, by the address sanitizer
#   SANITIZER_DIR=/tmp/moonsweep-sanitizers    where the copy and its builds go
#   SANITIZER_PREFIX=                          a command to run cargo by
#   GC_SEEDS=2 SCRIPTS=gc/ CHUNK_COUNT=10000   as for the tests
#
# The sanitizers are unstable options of the compiler; RUSTC_BOOTSTRAP lets the
# stable one take them. The standard library is not instrumented. For `thread`
# that matters: sync.rs beside this script stands in for gc/src/sync.rs, so that
# each operation that orders anything between program and helpers is seen;
# suppressions names what is left of the standard library.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
kind=${1:-}
dir=${SANITIZER_DIR:-/tmp/moonsweep-sanitizers}
prefix=${SANITIZER_PREFIX:-}
target=$(rustc -vV | sed -n 's/^host: //p')
export RUSTC_BOOTSTRAP=1 CARGO_TERM_COLOR=never CARGO_TARGET_DIR=$dir/$kind
case $kind in thread | address | chunks) ;; *) sed -n '2,9p' "$0"; exit 2 ;; esac
rm -rf "$dir/copy"
mkdir -p "$dir/copy"
git ls-files -z --cached --others --exclude-standard |
  tar --null --files-from=- --create --file=- |
  tar --extract --file=- --directory="$dir/copy"
cd "$dir/copy"
cargo=($prefix cargo test --profile fast --locked --target "$target")

if [ "$kind" = thread ]; then
  cp tests/sanitizers/sync.rs gc/src/sync.rs
  export RUSTFLAGS="-Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer -Cdebuginfo=line-tables-only"
  export TSAN_OPTIONS="suppressions=$root/tests/sanitizers/suppressions history_size=4 exitcode=66 ${TSAN_OPTIONS:-}"
  export GC_SEEDS=${GC_SEEDS:-2}
  "${cargo[@]}" -p moonsweep-gc --test helpers -- --test-threads=1
  "${cargo[@]}" -p moonsweep-gc --test random_graphs -- --test-threads=1 marking_by_helpers counting_beside_helpers
else
  # The looped dispatch: instrumented handlers make no tail calls.
  export RUSTFLAGS="-Zsanitizer=address" MOONSWEEP_DISPATCH=loop
  # A report is neither a script's success nor its error.
  export ASAN_OPTIONS="detect_leaks=0 exitcode=66 ${ASAN_OPTIONS:-}"
  if [ "$kind" = chunks ]; then
    export CHUNK_COUNT=${CHUNK_COUNT:-10000}
    exec "${cargo[@]}" -p moonsweep --test generated tampered_chunks -- --nocapture
  fi
  export GC_SEEDS=${GC_SEEDS:-2}
  "${cargo[@]}" -p moonsweep-gc --test helpers --test semantics --test random_graphs
  "${cargo[@]}" -p moonsweep --test scripts
fi
