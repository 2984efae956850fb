#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# build.sh PRESET [TARGET...]: configures build/PRESET if need be and builds the targets (all if none are named).
set -euo pipefail
cd "$(dirname "$0")/.."
preset=$1
shift
if [ ! "build/$preset/build.ninja" -nt CMakePresets.json ]; then
  cmake --preset "$preset"
fi
cmake --build --preset "$preset" ${1:+--target "$@"}
