#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# fuzz.sh [PROGRAM...]: runs each libFuzzer program, or those named, for FUZZ_SECONDS (60), FUZZ_JOBS (2) at a time.
# Decoders begin with the conversations of tests/captures. Inputs that were worth keeping stay in build/fuzz/corpus/. One that
# fails lies in build/fuzz/artifacts/, named after its program; the command that repeats it is printed. A failure stops no
# other program; the exit code is 1 in the end.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${FUZZ_SECONDS:-60} jobs=${FUZZ_JOBS:-2}
folder=build/fuzz
most_kilobytes=16384  # Of a corpus; more is reduced to what covers as much.
tools/build.sh fuzz fuzz_programs
mkdir -p $folder/artifacts $folder/results
rm -f $folder/results/*

# run PROGRAM: one program, its last words in results/NAME.
run() {
  local program=$1 name code=0
  name=$(basename "$program")
  local corpus=$folder/corpus/$name seeds=$folder/seeds/$name log=$folder/$name.log
  mkdir -p "$corpus" "$seeds"
  if [ -d "tests/captures/${name%_fuzz}" ]; then python3 tests/captures/seeds.py "${name%_fuzz}" "$seeds"; fi
  # What libFuzzer does not end by itself, `timeout` does.
  timeout --kill-after=10 $((seconds + 90)) "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
    -print_final_stats=1 -verbosity=0 -artifact_prefix="$folder/artifacts/$name-" "$corpus" "$seeds" >"$log" 2>&1 || code=$?
  if [ $code != 0 ]; then
    local input
    input=$(sed -n 's/.*Test unit written to //p' "$log" | head -1)
    echo "FAILED with $code: see $log; repeat: $program ${input:-$corpus}" >"$folder/results/$name"
    return
  fi
  if [ "$(du -sk "$corpus" | cut -f1)" -gt $most_kilobytes ]; then
    mkdir -p "$corpus.less"
    if timeout 120 "$program" -merge=1 -verbosity=0 "$corpus.less" "$corpus" >>"$log" 2>&1; then
      rm -r "$corpus" && mv "$corpus.less" "$corpus"
    else
      rm -r "$corpus.less"
    fi
  fi
  echo "$(sed -n 's/stat::number_of_executed_units: *//p' "$log") inputs," \
    "$(sed -n 's/stat::new_units_added: *//p' "$log") new," \
    "$(sed -n 's/stat::peak_rss_mb: *//p' "$log") MB" >"$folder/results/$name"
}

began=$SECONDS
for program in "$folder"/fuzz/*; do
  if [ $# != 0 ] && [[ " $* " != *" $(basename "$program") "* ]]; then continue; fi
  while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do wait -n || true; done
  run "$program" &
done
wait
if [ -z "$(ls $folder/results)" ]; then
  echo "fuzz: no such program" >&2
  exit 3
fi
for result in "$folder"/results/*; do echo "$(basename "$result"): $(cat "$result")"; done
echo "fuzz: $(find $folder/results -type f | wc -l) programs, $seconds s each, in $((SECONDS - began)) s"
if grep -l FAILED $folder/results/* >/dev/null; then
  for result in $(grep -l FAILED $folder/results/*); do tail -30 "$folder/$(basename "$result").log" >&2; done
  exit 1
fi
