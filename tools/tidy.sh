#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# clang-tidy over every source, read by the dozen as the preset `tidy` and tidy_commands.py unite them; an argument picks files by
# regex, read one by one. Two groups of checks take as long as all others together. They are run with TIDY=deep (by `make long`)
# and with an argument, not for every change.
set -euo pipefail
cd "$(dirname "$0")/.."
preset=tidy files="$PWD/.*" united=build/tidy/united
checks=-clang-analyzer-*,-performance-unnecessary-value-param
if [ "${TIDY:-}" = deep ] || [ $# -gt 0 ]; then
  checks=
fi
if [ $# -gt 0 ]; then
  preset=clang files=$1 united=
fi
checks=$checks,-bugprone-suspicious-include  # United sources include sources.
tools/build.sh $preset version_source        # The one source that is generated.
commands=build/$preset/tidy
mkdir -p $commands
python3 tools/tidy_commands.py build/$preset/compile_commands.json $commands/compile_commands.json $united
run-clang-tidy -quiet -p $commands -j "${JOBS:-$(nproc)}" -checks="$checks" \
  -header-filter="$PWD/(src|tests|bench|adapters|examples)/.*" "$files" >build/$preset/tidy.log 2>&1 || {
  grep -E '(error|warning):' build/$preset/tidy.log | sort -u >&2
  echo "clang-tidy: see build/$preset/tidy.log" >&2
  exit 1
}
echo "clang-tidy: nothing to say"
