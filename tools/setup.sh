#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# setup.sh [build|demo|test|ci|targets]: installs the Debian packages that the job needs and that are missing.
# Each job needs those of the jobs before it. Without a word: ci, which is everything but the
# larger targets: those that need a compiler of their own.
# When nothing is missing it needs neither root nor a network.
set -euo pipefail

build=(
  g++ cmake ninja-build make  # The build itself.
  ccache                      # The wrong servers and rebuilt trees then cost little.
  binutils python3            # The lints read object code and sources.
  git                         # --version names the commit.
  libcli11-dev libfmt-dev nlohmann-json3-dev libtomlplusplus-dev libssl-dev libmnl-dev libfuse3-dev libhiredis-dev libhttp-parser-dev  # Libraries.
  libgtest-dev librapidcheck-dev               # The tests are configured with every build.
)
demo=(
  etcd-server                 # The system that the demo checks.
)
tests=(
  redis-tools                 # redis-cli and redis-benchmark drive raftkv.
  python3-redis               # So does a library of others.
  python3-pysyncobj           # A target whose adapter is in adapters/pysyncobj.
  dpkg-dev fakeroot           # The Debian package is built and installed into a folder.
  tcpdump                     # Reads what the monitor saved.
  openssl iproute2            # Certificates; a loopback device of its own for a test that wants quiet.
  pkg-config                  # Programs are compiled against what is installed.
)
ci=(
  libbenchmark-dev            # The smallest of bench/.
  strace                      # Counts system calls and syncs for make bench-raftkv.
  libnghttp2-dev              # The load generator of make bench-raftkv speaks gRPC to etcd.
  clang clang-tidy clang-format  # Second compiler, libFuzzer, lints.
  slurmctld slurmd slurm-client munge parallel openssh-server openssh-client  # Sweeps over many machines, tested on loopback.
)
targets=(
  golang-go golang-github-hashicorp-raft-dev golang-github-hashicorp-raft-boltdb-dev  # adapters/hashicorp; 500 MB.
  libraft-dev libuv1-dev      # adapters/libraft.
)

case ${1:-ci} in
  build) wanted=("${build[@]}") ;;
  demo) wanted=("${build[@]}" "${demo[@]}") ;;
  test) wanted=("${build[@]}" "${demo[@]}" "${tests[@]}") ;;
  ci) wanted=("${build[@]}" "${demo[@]}" "${tests[@]}" "${ci[@]}") ;;
  targets) wanted=("${build[@]}" "${demo[@]}" "${tests[@]}" "${ci[@]}" "${targets[@]}") ;;
  *)
    echo "setup.sh: unknown job '$1': one of build, demo, test, ci, targets" >&2
    exit 3
    ;;
esac

missing=()
for package in "${wanted[@]}"; do
  if [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null)" != installed ]; then
    missing+=("$package")
  fi
done
if [ ${#missing[@]} = 0 ]; then
  echo "set-up: all ${#wanted[@]} packages are installed"
  exit 0
fi

command="apt-get install -y --no-install-recommends ${missing[*]}"
echo "set-up: $command"
if [ "$(id -u)" = 0 ]; then
  become=()
elif command -v sudo >/dev/null; then
  become=(sudo)
else
  echo "set-up: ${#missing[@]} packages are missing and this user cannot become root; run as root: $command" >&2
  exit 3
fi
"${become[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -q
"${become[@]}" env DEBIAN_FRONTEND=noninteractive $command

# Debian starts daemons of its own when these packages arrive. Nobody asked for those; an sshd that
# was here before is somebody's.
if [ -d /run/systemd/system ]; then
  for daemon in etcd-server:etcd slurmctld:slurmctld slurmd:slurmd munge:munge openssh-server:ssh; do
    if [[ " ${missing[*]} " == *" ${daemon%:*} "* ]]; then
      echo "set-up: systemctl disable --now ${daemon#*:}"
      "${become[@]}" systemctl disable --now "${daemon#*:}"
    fi
  done
fi
