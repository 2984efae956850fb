#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the preset `mutants`; tests/scenarios, each with its mutant; which mutants the unit and golden tests miss; the scoreboard of the
# simulator.
# mutants.sh short: ten of them, chosen across the groups, one of which is equivalent.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/setup.sh ci
tools/build.sh mutants raftsim
python3 tests/sim/sim_test.py scenarios build/mutants/bin/raftsim "" tests
if [ "${1:-}" = short ]; then
  exec tools/mutants.py --budget 30 PreVoteCountsAsVote VoteIsSavedOnlyWithItsTerm CommitsOldTermsByCounting HeartbeatCommitsAll \
    NoHeartbeatWhileTheWindowIsFull ReadsBeforeItsOwnCommit RecoveryTrustsTheCache UnknownIsToldAsNotDone FrameIsNotChecked \
    ReadyReadsOutliveALeadership
fi
tools/build.sh mutants raft_test journal_test kit_test replica_test session_test codec_test
python3 tests/mutants/survivors.py . build/mutants
tools/mutants.py "$@"
