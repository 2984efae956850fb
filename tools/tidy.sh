#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# clang-tidy over every source that the preset `clang` compiles; an argument picks files by regex.
# Two groups of checks take as long as all others together. They are run with TIDY=deep (by `make
# long`) and with an argument, not for every change.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ ! -f build/clang/build.ninja ]; then
  cmake --preset clang
fi
tools/build.sh clang version_source  # The one source that is generated.
mkdir -p build/clang/tidy
python3 tools/tidy_commands.py build/clang/compile_commands.json build/clang/tidy/compile_commands.json
checks=-clang-analyzer-*,-performance-unnecessary-value-param
if [ "${TIDY:-}" = deep ] || [ $# -gt 0 ]; then
  checks=
fi
jobs=${JOBS:-$(nproc)}
run-clang-tidy -quiet -p build/clang/tidy -j "$jobs" -checks="$checks" \
  "${1:-$PWD/(src|tests|bench|adapters)/.*}" >build/clang/tidy.log 2>&1 || {
  grep -E '(error|warning):' build/clang/tidy.log | sort -u >&2
  echo "clang-tidy: see build/clang/tidy.log" >&2
  exit 1
}
echo "clang-tidy: nothing to say"
