#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# install.sh BUILD_FOLDER COMPILER: installs into an empty prefix, then builds an adapter and a plan that lie outside the
# tree and find Seaworthy there, and checks raftkv by them; and a storage, which the kit tries.
set -euo pipefail
build=$1 compiler=$2
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cmake --install "$build" --prefix "$folder/prefix" >"$folder/install.log"
cp -r "$here/consumer" "$folder/consumer"
cmake -S "$folder/consumer" -B "$folder/consumer/build" -G Ninja -DCMAKE_CXX_COMPILER="$compiler" \
  -DCMAKE_CXX_STANDARD=20 -DCMAKE_PREFIX_PATH="$folder/prefix" >"$folder/configure.log"
cmake --build "$folder/consumer/build"
(cd "$folder" && consumer/build/storage)
(cd "$folder" && RAFTKV=$folder/prefix/bin/raftkv prefix/bin/seaworthy check --nodes 3 --plan sanity --time 3 \
  --target consumer/build/liboutside.so --out run)
"$folder/consumer/build/scenario" >"$folder/scenario.toml"
(cd "$folder" && prefix/bin/seaworthy check --nodes 3 --plan scenario.toml --time 10 --target raftkv --out run-of-scenario)

for program in seaworthy raftkv; do
  if [ -e "$build/bin/$program" ]; then
    "$folder/prefix/bin/$program" --version
    test -s "$folder/prefix/share/man/man1/$program.1"
    bash -n "$folder/prefix/share/bash-completion/completions/$program"
  fi
done
unit=$folder/prefix/lib/systemd/system/raftkv.service
grep -q "^ExecStart=$folder/prefix/bin/raftkv serve " "$unit"
test -s "$folder/prefix/lib/sysusers.d/raftkv.conf"
if command -v systemd-analyze >/dev/null; then
  systemd-analyze verify --man=no "$unit"
fi
test ! -e "$folder/prefix/bin/broken"
test -s "$folder/prefix/share/doc/seaworthy/copyright"
