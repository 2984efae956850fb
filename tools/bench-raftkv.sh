#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# bench-raftkv.sh [--quick] [...]: raftkv beside a ceiling and etcd, in turn, with the goals. docs/bench.md.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/setup.sh ci
tools/build.sh release raftkv bench_raftkv
exec python3 bench/raftkv "$@"
