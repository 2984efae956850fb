#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# embed.sh BUILD_FOLDER C_COMPILER CXX_COMPILER: what somebody has who embeds the Raft. Installs into an empty prefix,
# and from there on knows the tree no more: programs are compiled by what pkg-config says, and run a cluster.
set -euo pipefail
build=$1 c_compiler=$2 cxx_compiler=$3
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cmake --install "$build" --prefix "$folder/prefix" >"$folder/install.log"
cp "$here"/embed/cluster.c "$here"/embed/pieces.cc "$here"/consumer/storage.cc "$here"/../../examples/counter/counter.cc "$folder"
python3 "$here/embed/blocks.py" "$here/../../docs/embedding.md" "$folder"
cd "$folder"
libraries=$(dirname "$(find prefix -name libseaworthy_raft.so)")
export PKG_CONFIG_PATH=$folder/$libraries/pkgconfig LD_LIBRARY_PATH=$folder/$libraries
words() { pkg-config --cflags --libs seaworthy-raft; }
test "$(pkg-config --modversion seaworthy-raft)" = "$(cat "$here/../../VERSION")"

# Nothing but the interface is visible, and all of it.
nm --dynamic --defined-only --demangle "$libraries/libseaworthy_raft.so" | sed -E 's/^[0-9a-f]+ [A-Z] //; s/@@.*//' |
  grep -v '^SEAWORTHY_RAFT_' | LC_ALL=C sort -u >symbols
diff "$here/embed/testdata/symbols.txt" symbols
readelf --dynamic "$libraries/libseaworthy_raft.so" | grep -q 'SONAME.*\[libseaworthy_raft\.so\.0\]'

# What a thread that was left behind runs is not unmapped.
readelf --dynamic "$libraries/libseaworthy_raft.so" | grep -q 'FLAGS_1.*NODELETE'

# shellcheck disable=SC2046
"$c_compiler" -std=c99 -D_GNU_SOURCE -Wall -Wextra -Wpedantic -Werror cluster.c -o cluster $(words)
mkdir c && timeout 60 ./cluster c 23010

# shellcheck disable=SC2046
"$cxx_compiler" -std=c++20 -Wall -Wextra -Wpedantic -Werror counter.cc -o counter $(words)
python3 "$here/../embed/counter_test.py" ./counter
# shellcheck disable=SC2046
"$cxx_compiler" -std=c++20 -Wall -Wextra -Wpedantic -Werror pieces.cc -o pieces $(words)
timeout 60 ./pieces folder-of-pieces 23020
# What docs/embedding.md says about compiling.
bash blocks.sh
cmake -S . -B by-cmake -G Ninja -DCMAKE_CXX_COMPILER="$cxx_compiler" -DCMAKE_CXX_STANDARD=20 \
  -DCMAKE_PREFIX_PATH="$folder/prefix" >configure.log
cmake --build by-cmake >build.log
./by-cmake/storage

# Each header alone, without any of the others.
for header in prefix/include/seaworthy/raft/*.h; do
  echo "#include <seaworthy/raft/$(basename "$header")>" >alone.cc
  # shellcheck disable=SC2046
  "$cxx_compiler" -std=c++20 -Wall -Wextra -Wpedantic -Werror -fsyntax-only alone.cc $(pkg-config --cflags seaworthy-raft)
  grep -q '^// Stability: ' "$header"
done
grep -q '^ \* Stability: ' prefix/include/seaworthy/raft.h
