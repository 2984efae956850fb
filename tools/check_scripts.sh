#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every shell script parses and stops at its first error.
set -euo pipefail
cd "$1"
failures=0
while read -r script; do
  if ! bash -n "$script"; then
    failures=1
  fi
  if ! grep -q '^set -euo pipefail$' "$script"; then
    echo "$script: lacks 'set -euo pipefail'" >&2
    failures=1
  fi
done < <(find . -name '*.sh' -not -path './build/*' -not -path './runs/*')
exit $failures
