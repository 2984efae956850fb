#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs a test program as a user without privileges: nobody, if root runs this. The program is copied
# to a place that nobody can read.
set -euo pipefail
if [ "$(id -u)" != 0 ]; then
  exec "$1"
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 755 "$folder"
install -m 755 "$1" "$folder/program"
cd /
setpriv --reuid=65534 --regid=65534 --clear-groups "$folder/program"
