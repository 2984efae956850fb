#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# format.sh WORDS...: clang-format with these words over all C++ of the project.
set -euo pipefail
cd "$(dirname "$0")/.."
find src tests bench adapters examples -name '*.cc' -o -name '*.h' -o -name '*.c' | sort | xargs clang-format "$@"
