#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# fuzz.sh [PROGRAM...]: runs each libFuzzer program, or those named, for FUZZ_SECONDS (60). Decoders begin with the
# conversations of tests/captures. Inputs that were worth keeping stay in build/fuzz/corpus/; one that fails is left
# there as crash-*, with the command that repeats it.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${FUZZ_SECONDS:-60}
tools/build.sh fuzz
shopt -s nullglob
for program in build/fuzz/fuzz/*; do
  name=$(basename "$program")
  if [ $# != 0 ] && [[ " $* " != *" $name "* ]]; then continue; fi
  corpus=build/fuzz/corpus/$name
  seeds=build/fuzz/seeds/$name
  mkdir -p "$corpus" "$seeds"
  if [ -d "tests/captures/${name%_fuzz}" ]; then python3 tests/captures/seeds.py "${name%_fuzz}" "$seeds"; fi
  echo "== $name: $seconds s"
  "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -verbosity=0 \
    -artifact_prefix="$corpus/" "$corpus" "$seeds" 2>"build/fuzz/$name.log" || {
    tail -40 "build/fuzz/$name.log" >&2
    echo "repeat: $program $corpus/crash-..." >&2
    exit 1
  }
  grep -E 'number_of_executed_units|new_units_added' "build/fuzz/$name.log" || true
done
