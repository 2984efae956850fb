# SPDX-License-Identifier: Apache-2.0
# The front door. What each target does is in the script of its name in tools/.
RELEASE := build/release
PREFIX ?= /usr/local

.PHONY: all demo test ci long bench bench-raftkv fuzz mutants upgrade tidy format format-check deb install clean
all:  ## Release build: build/release/bin/seaworthy, raftkv and raftsim
	tools/build.sh release seaworthy raftkv raftsim
demo:  ## Set-up, build, then: etcd is found valid, a wrong server is convicted
	tools/demo.sh
test:  ## Set-up, build, everyday suite
	tools/test.sh
ci:  ## What .ci/run runs: test, sanitizers, second compiler, tidy, short shares of the long jobs
	tools/ci.sh
long:  ## Everything else: many seeds, long fuzzing, thread sanitizer
	tools/long.sh
bench:  ## Each figure beside its goal
	tools/bench.sh
bench-raftkv:  ## raftkv beside a ceiling and etcd, in turn, with the goals
	tools/bench-raftkv.sh
fuzz:  ## FUZZ_SECONDS (60) of libFuzzer for each parser
	tools/fuzz.sh
mutants:  ## Ways to be wrong that our Raft has switches for: which judge of the simulator sees each
	tools/mutants.sh
upgrade:  ## A cluster under load goes from the last release to this build, node by node
	tools/upgrade-test.sh
tidy:
	tools/tidy.sh
format:
	tools/format.sh -i
format-check:
	tools/format.sh --dry-run --Werror
deb:  ## build/release/package/seaworthy_*.deb
	tools/build.sh release shipped && cpack --config $(RELEASE)/CPackConfig.cmake
install:  ## Into PREFIX (/usr/local); DESTDIR is honoured
	tools/build.sh release shipped && cmake --install $(RELEASE) --prefix $(PREFIX)
clean:
	rm -rf build
