#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# verdicts.sh SEED...: for each seed, every server that is wrong on purpose is convicted under faults
# and its twin is valid. VERDICT_SECONDS (20) is the length of each run.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/build.sh release seaworthy raftkv broken
seconds=${VERDICT_SECONDS:-20}
failures=0
for seed in "$@"; do
  for name in stale-read early-ack lost-tail no-sync; do
    plan=standard
    [ "$name" != no-sync ] || plan=disk  # Needs /dev/fuse.
    for pair in 1:broken/$name 0:twin/$name; do
      wanted=${pair%%:*} target=${pair#*:} code=0
      words=(check --target "$target" --plan "$plan" --time "$seconds" --seed "$seed")
      build/release/bin/seaworthy "${words[@]}" >build/verdict.out 2>build/verdict.err || code=$?
      echo "$target seed $seed: exit code $code, expected $wanted"
      if [ "$code" != "$wanted" ]; then
        failures=$((failures + 1))
        cat build/verdict.out build/verdict.err
      fi
    done
  done
done
echo "$failures unexpected verdicts"
[ "$failures" = 0 ]
