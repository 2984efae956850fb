#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# verdicts.sh SEED...: for each seed, every server that is wrong on purpose is convicted under faults
# and its twin is valid; those that break a rule of Raft by the checker that knows it. The disk plan needs
# /dev/fuse. VERDICT_SECONDS (20) is the length of each run; those of a scenario end sooner.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/build.sh release seaworthy raftkv broken
seconds=${VERDICT_SECONDS:-20}
failures=0
for seed in "$@"; do
  while read -r name plan checker workload; do
    for verdict in 1:broken/$name 0:twin/$name; do
      wanted=${verdict%%:*} target=${verdict#*:} code=0
      words=(check --target "$target" --plan "$plan" --time "$seconds" --seed "$seed")
      words+=(--workload "${workload:-register}")
      build/release/bin/seaworthy "${words[@]}" </dev/null >build/verdict.out 2>build/verdict.err || code=$?
      if [ "$code$wanted" = 11 ] && ! grep -qE "^  ${checker:-[a-z-]+} +invalid" build/verdict.err; then
        code="1, but not by $checker"
      fi
      echo "$target seed $seed: exit code $code, expected $wanted"
      if [ "$code" != "$wanted" ]; then
        failures=$((failures + 1))
        cat build/verdict.out build/verdict.err
      fi
    done
  done <<'END'
stale-read standard
early-ack standard
lost-tail standard
stale-read standard linear queue
early-ack standard linear queue
lost-tail standard [a-z-]+ queue
no-sync disk
forgets-vote invasive/voter-restarts-during-election one-vote
votes-twice invasive/duelling-candidates one-vote
stale-vote-check invasive/lagging-follower-stands leader-completeness
commits-by-counting invasive/first-entry-of-a-leader-late commit-rule
truncates-acked invasive/old-append-after-newer durable-ack
empties-resent invasive/follower-restarts-again-and-again log-matching
END
done
echo "$failures unexpected verdicts"
[ "$failures" = 0 ]
