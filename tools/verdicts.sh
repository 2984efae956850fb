#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# verdicts.sh SEED...: for each seed, every server that is wrong on purpose is convicted under faults
# and its twin, checked at the same time, is valid; those that break a rule of Raft by the checker that knows it. The disk plan
# needs /dev/fuse. VERDICT_SECONDS (20) is the length of each run; those of a scenario end sooner.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/build.sh release seaworthy raftkv broken
seconds=${VERDICT_SECONDS:-20}
folder=build/verdicts
failures=0
rm -rf $folder
mkdir -p $folder

# check TARGET PLAN WORKLOAD SEED: a run; its exit code is in $folder/TARGET.code, what it said beside that.
check() {
  local out=$folder/${1//\//-} code=0
  build/release/bin/seaworthy check --target "$1" --plan "$2" --time "$seconds" --workload "$3" --seed "$4" \
    </dev/null >"$out.out" 2>"$out.err" || code=$?
  echo $code >"$out.code"
}

# judge TARGET WANTED CHECKER SEED: whether that run had the exit code WANTED, and a conviction is CHECKER's.
judge() {
  local out=$folder/${1//\//-} code
  code=$(cat "$out.code")
  if [ "$code$2" = 11 ] && ! grep -qE "^  $3 +invalid" "$out.err"; then
    code="1, but not by $3"
  fi
  echo "$1 seed $4: exit code $code, expected $2"
  if [ "$code" != "$2" ]; then
    failures=$((failures + 1))
    cat "$out.out" "$out.err"
  fi
}

for seed in "$@"; do
  while read -r name plan checker workload; do
    # Two clusters leave a machine of two cores half idle.
    check "broken/$name" "$plan" "${workload:-register}" "$seed" &
    check "twin/$name" "$plan" "${workload:-register}" "$seed" &
    wait
    judge "broken/$name" 1 "${checker:-[a-z-]+}" "$seed"
    judge "twin/$name" 0 - "$seed"
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
