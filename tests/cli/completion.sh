#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# completion.sh SCRIPT: a real bash completes command lines of the sample program `boat`.
set -euo pipefail
compopt() { :; }  # Only works while the shell completes interactively.
# shellcheck source=/dev/null
source "$1"
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
touch logbook.txt
printf '#!/bin/sh\necho "Rome  capital"\necho "Ravenna  mosaics"\n' >boat
chmod +x boat

failures=0
# completes "LINE" WORDS: the last word of the line is the one being typed.
completes() {
  local wanted=$2
  read -ra COMP_WORDS <<<"$1"
  if [[ $1 == *' ' ]]; then COMP_WORDS+=(''); fi
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
  COMPREPLY=()
  _boat
  if [ "${COMPREPLY[*]}" != "$wanted" ]; then
    echo "'$1' completes to '${COMPREPLY[*]}', not '$wanted'" >&2
    failures=$((failures + 1))
  fi
}
completes 'boat sa' 'sail'
completes 'boat ' '-h --help sail list'
completes 'boat list ' 'ports'
completes 'boat sail --k' '--knots'
completes 'boat sail --color ' 'red green'
completes 'boat sail --color g' 'green'
completes 'boat sail --log log' 'logbook.txt'
completes 'boat sail --knots ' ''
completes './boat sail --target R' 'Rome Ravenna'
completes 'boat sail --knots 5 --hu' '--hurry'
[ "$failures" = 0 ]
