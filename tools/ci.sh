#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# All that a change must pass, in phases with their durations. Stops at the first that fails.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p build/ci
recap=()
skipped=

# phase NAME COMMAND...: runs it, keeps its output in build/ci/NAME.log, adds a line to the recap. An exit code of $SKIPPED says
# that nothing was tested; the last line of its output says why.
phase() {
  local name=$1 began=$SECONDS code=0
  shift
  echo "== $name"
  "$@" 2>&1 | tee "build/ci/$name.log" || code=$?
  if [ "$code" = "${SKIPPED:-none}" ]; then
    skipped+=" $name"
    recap+=("$name: SKIPPED ($(tail -n 1 "build/ci/$name.log"))")
  elif [ "$code" != 0 ]; then
    printf '%s\n' "${recap[@]}" "$name: FAILED after $((SECONDS - began)) s"
    exit 1
  else
    recap+=("$name: $((SECONDS - began)) s")
  fi
  echo "== ${recap[-1]}"
}

sanitized() {
  tools/build.sh asan &&
    ctest --preset asan --parallel 2 --label-exclude 'long|release'
}

phase setup tools/setup.sh ci
phase format tools/format.sh --dry-run --Werror
phase suite tools/test.sh
phase verdicts tools/verdicts.sh 1
# A checkout without history has no build to upgrade from; that is no failure of what is here.
SKIPPED=2 phase upgrade tools/upgrade-test.sh
phase sweep build/release/bin/raftsim --sweep 1..2000 --nodes 5
phase shrink ctest --preset release --tests-regex 'system.seaworthy.Shrinking'
phase asan sanitized
phase clang tools/build.sh clang all bench all_verify_interface_header_sets
phase tidy tools/tidy.sh
phase fuzz tools/fuzz.sh
phase mutants tools/mutants.sh short

echo "== all phases passed${skipped:+ (skipped:$skipped)} in $SECONDS s"
printf '%s\n' "${recap[@]}"
echo "asan: $(grep 'tests passed' build/ci/asan.log)"
grep 'tests passed' build/ci/suite.log
