#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# clang-tidy over every source that the preset `clang` compiles; an argument picks files by regex.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ ! -f build/clang/compile_commands.json ]; then
  cmake --preset clang
fi
tools/build.sh clang version_source  # The one source that is generated.
jobs=${JOBS:-$(nproc)}
run-clang-tidy -quiet -p build/clang -j "$jobs" "${1:-$PWD/(src|tests|bench|adapters)/.*}" >build/clang/tidy.log 2>&1 || {
  grep -E '(error|warning):' build/clang/tidy.log | sort -u >&2
  echo "clang-tidy: see build/clang/tidy.log" >&2
  exit 1
}
echo "clang-tidy: nothing to say"
