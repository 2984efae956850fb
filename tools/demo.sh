#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The main job, twice: a real five-node etcd under partitions, kills and pauses is found valid; a
# server that is wrong on purpose is convicted. Exit code 0 only if both came out so.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/setup.sh demo
tools/build.sh release seaworthy raftkv broken
check=build/release/bin/seaworthy
stamp=$(date -u +%Y%m%dT%H%M%SZ)

# expect CODE TARGET TIME: checks TARGET and compares the exit code.
expect() {
  local wanted=$1 target=$2 time=$3 code=0
  local run=runs/$stamp-demo-${target//\//-}
  echo
  echo "== seaworthy check --target $target --nodes 5 --plan standard --time $time --seed 7"
  "$check" check --target "$target" --nodes 5 --plan standard --time "$time" --seed 7 --out "$run" || code=$?
  if [ "$code" = "$wanted" ]; then
    summary+=("as expected: $target gave exit code $code; $run/summary.txt")
  else
    summary+=("NOT as expected: $target gave exit code $code, not $wanted; $run/summary.txt")
    failed=1
  fi
}

summary=()
failed=0
expect 0 etcd 40
expect 1 broken/stale-read 30
echo
echo "== demo: 0 is valid, 1 is invalid"
printf '%s\n' "${summary[@]}"
exit $failed
