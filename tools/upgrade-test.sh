#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# upgrade-test.sh [COMMIT]: builds raftkv as it was at COMMIT (tests/upgrade/from names the last release) in build/upgrade/, then
# upgrades a cluster under load from it to the present one, node by node, and back in part (tests/upgrade/upgrade_test.py).
# Exit code 1: an upgrade does harm, or a build failed. 2: nothing was tested, because COMMIT is not in this checkout's history.
set -euo pipefail
cd "$(dirname "$0")/.."
commit=${1:-$(grep -v '^#' tests/upgrade/from)}
git=(git -c "safe.directory=*")

nothing() {
  echo "upgrade-test: $1, so nothing was tested" >&2
  exit 2
}
"${git[@]}" rev-parse --git-dir >/dev/null 2>&1 || nothing "this folder is no git work tree, and build $commit is in the history"
full=$("${git[@]}" rev-parse --quiet --verify "$commit^{commit}" 2>/dev/null) ||
  nothing "commit $commit is not in this checkout (is it a shallow clone? 'git fetch --unshallow' brings it)"

folder=$PWD/build/upgrade/$full
old=$folder/build/release/bin/raftkv
if [ ! -x "$old" ]; then
  echo "== raftkv as of $commit"
  mkdir -p "$folder"
  "${git[@]}" archive "$full" | tar -x -C "$folder" || exit 1
  # By its own preset, without its tests.
  (
    cd "$folder"
    export CCACHE_BASEDIR=$folder
    cmake --preset release -DBUILD_TESTING=OFF && cmake --build --preset release --target raftkv
  ) >"$folder.log" 2>&1 || {
    tail -20 "$folder.log" >&2
    exit 1
  }
fi
tools/build.sh release raftkv || exit 1
"$old" --version
build/release/bin/raftkv --version
python3 tests/upgrade/upgrade_test.py "$old" build/release/bin/raftkv || exit 1
