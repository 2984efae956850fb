#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# All that a change must pass, in phases with their durations. Stops at the first that fails.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p build/ci
recap=()

# phase NAME COMMAND...: runs it, keeps its output in build/ci/NAME.log, adds a line to the recap.
phase() {
  local name=$1 began=$SECONDS
  shift
  echo "== $name"
  if ! "$@" 2>&1 | tee "build/ci/$name.log"; then
    printf '%s\n' "${recap[@]}" "$name: FAILED after $((SECONDS - began)) s"
    exit 1
  fi
  recap+=("$name: $((SECONDS - began)) s")
  echo "== $name: $((SECONDS - began)) s"
}

sanitized() {
  tools/build.sh asan &&
    ctest --preset asan --parallel 2 --label-exclude 'long|release'
}

# A checkout without history (exit code 2) has no build to upgrade from; that is no failure of what is here.
upgraded() {
  local code=0
  tools/upgrade-test.sh || code=$?
  [ "$code" = 0 ] || [ "$code" = 2 ]
}

phase setup tools/setup.sh ci
phase format tools/format.sh --dry-run --Werror
phase suite tools/test.sh
phase verdicts tools/verdicts.sh 1
phase upgrade upgraded
phase sweep build/release/bin/raftsim --sweep 1..2000 --nodes 5
phase shrink ctest --preset release --tests-regex 'system.seaworthy.Shrinking'
phase asan sanitized
phase clang tools/build.sh clang all bench all_verify_interface_header_sets
phase tidy tools/tidy.sh
phase fuzz tools/fuzz.sh
phase mutants tools/mutants.sh short

echo "== all phases passed in $SECONDS s"
printf '%s\n' "${recap[@]}"
echo "asan: $(grep 'tests passed' build/ci/asan.log)"
grep 'tests passed' build/ci/suite.log
