#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# node.sh OVSDB-SERVER ID ADDRESS DIRECTORY OTHER-ADDRESS...: one server of a cluster, in the foreground. Server 1
# creates the cluster, the others join it, each when it is started for the first time.
set -euo pipefail
server=$1 id=$2 address=$3 data=$4
shift 4
mkdir -p "$data"
if [ ! -e "$data/kv.db" ]; then
  cat >"$data/kv.ovsschema" <<'SCHEMA'
{"name": "KV", "version": "1.0.0", "tables": {
  "kv": {"isRoot": true, "columns": {"k": {"type": "string"}, "v": {"type": "string"}}, "indexes": [["k"]]},
  "reads": {"isRoot": true, "columns": {"name": {"type": "string"}, "nonce": {"type": "string"}}, "indexes": [["name"]]}}}
SCHEMA
  # A file that a kill left half made must not be taken for a database.
  rm -f "$data/new.db"
  if [ "$id" = 1 ]; then
    ovsdb-tool --election-timer=1000 create-cluster "$data/new.db" "$data/kv.ovsschema" "tcp:$address:6644"
  else
    remotes=
    for other in "$@"; do remotes="$remotes tcp:$other:6644"; done
    # shellcheck disable=SC2086 # One word for each.
    ovsdb-tool join-cluster "$data/new.db" KV "tcp:$address:6644" $remotes
  fi
  mv "$data/new.db" "$data/kv.db"
fi
exec "$server" -vconsole:info -vsyslog:off --no-chdir --unixctl="$data/ctl" --remote="ptcp:6640:$address" "$data/kv.db"
