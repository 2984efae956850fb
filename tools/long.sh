#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What is too long for every change: more seeds, longer runs, ten minutes of fuzzing for each parser,
# the dearest checks of clang-tidy, the thread sanitizer, the tests labelled `long`.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/setup.sh ci
tools/build.sh release
build/release/bin/raftsim --sweep 1..100000
VERDICT_SECONDS=60 tools/verdicts.sh 1 2 3 4 5
for target in etcd raftkv; do
  for seed in 1 2 3 4 5; do
    build/release/bin/seaworthy check --target $target --nodes 5 --plan standard --time 60 --seed $seed
  done
  build/release/bin/seaworthy check --target $target --suite external
done
# Every scenario; the other storage and the other transport; members, leaders and nodes changed under load.
build/release/bin/seaworthy check --target raftkv --nodes 5 --suite invasive --seed 1
build/release/bin/seaworthy check --target raftkv --nodes 5 --plan standard --time 60 --storage mapped --seed 1
build/release/bin/seaworthy check --target raftkv --nodes 5 --plan standard --time 60 --transport udp --seed 1
python3 tests/raftkv/membership_under_load.py build/release/bin/raftkv --seaworthy build/release/bin/seaworthy
python3 tests/seaworthy/replay_test.py build/release/bin/seaworthy Long
TIDY=deep tools/tidy.sh
tools/build.sh tsan
ctest --preset tsan --parallel 2 --label-exclude 'long|release'
FUZZ_SECONDS=600 tools/fuzz.sh
ctest --preset release
