#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds and runs every program of bench/; each prints its figures beside their goals.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/setup.sh ci
tools/build.sh release seaworthy raftkv bench
shopt -s nullglob
for program in build/release/bench/*; do
  if [ -f "$program" ] && [ -x "$program" ]; then
    echo "== $(basename "$program")"
    "$program"
  fi
done
