#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Set-up, one release build of everything, the everyday suite. TEST_REGEX picks tests by name.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/setup.sh test
tools/build.sh release all
ctest --preset release --parallel 2 --label-exclude long ${TEST_REGEX:+--tests-regex "$TEST_REGEX"}
