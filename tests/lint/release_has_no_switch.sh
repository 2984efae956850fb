#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What users run has no trace of the servers that are wrong on purpose; the separate program has all.
set -euo pipefail
release=$1 broken=$2
for switch in stale-read early-ack lost-tail no-sync forgets-vote votes-twice stale-vote-check commits-by-counting \
  truncates-acked empties-resent; do
  if grep -qaF -- "$switch" "$release"; then
    echo "$release knows the switch $switch" >&2
    exit 1
  fi
  if ! grep -qaF -- "$switch" "$broken"; then
    echo "$broken does not know the switch $switch" >&2
    exit 1
  fi
done
