#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Which mutants the unit and golden tests of our Raft do not notice: what the simulator is for.

Usage: survivors.py ROOT BUILD [LEAST]

Runs the tests of raft, journal, replica and codec under each mutant. Fails if fewer than LEAST
mutants survive, or if without a mutant a test fails. Random runs of whole clusters are small
simulators themselves; they are run apart, and who survives those too is counted besides.
"""
import concurrent.futures
import os
import pathlib
import resource
import subprocess
import sys

import mutants

# The modules whose tests run code of a group.
TESTED = {"votes": ["raft", "replica"], "log": ["raft", "replica"], "reads": ["raft", "replica"],
          "journal": ["kit", "journal", "replica"], "replica": ["replica"], "codec": ["codec"], "sessions": ["session"],
          **dict.fromkeys(["membership", "transfer", "snapshots"], ["raft", "replica"])}
RANDOM = "RandomCluster.*:Replica.KeepsItsWordInRandomRuns"


def passes(build: pathlib.Path, module: str, mutant: str, tests: str) -> bool:
    environment = {**os.environ, "SEAWORTHY_MUTANT": mutant}
    if not mutant:
        del environment["SEAWORTHY_MUTANT"]
    try:
        return subprocess.run([build / f"test/{module}_test", f"--gtest_filter={tests}", "--gtest_fail_fast"], env=environment,
                              capture_output=True, check=False, timeout=120).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def noticed(build: pathlib.Path, group: str, mutant: str) -> tuple[list[str], bool]:
    """The modules whose unit and golden tests fail; if none, whether random runs fail."""
    modules = [module for module in TESTED[group] if not passes(build, module, mutant, "-" + RANDOM)]
    if modules:
        return modules, False
    return modules, not all(passes(build, module, mutant, RANDOM) for module in TESTED[group])


def main(root: pathlib.Path, build: pathlib.Path, least: int) -> int:
    if any(noticed(build, group, "") != ([], False) for group in TESTED):
        print("without a mutant, a test fails", file=sys.stderr)
        return 1
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    rows = mutants.catalogue(root)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda row: noticed(build, row.group, row.name), rows))
    survivors = [row for row, (modules, _) in zip(rows, results) if not modules]
    hidden = [row for row, (modules, by_chance) in zip(rows, results) if not modules and not by_chance]
    for row, (modules, by_chance) in zip(rows, results):
        seen = ", ".join(modules + ["random runs"] * by_chance)
        print(f"{row.name:32} {row.hazard:4} {seen or 'survives'}{' (equivalent)' * bool(row.equivalent)}")
    print(f"{len(rows)} mutants; {len(survivors)} survive the unit and golden tests, "
          f"{sum(not row.equivalent for row in survivors)} of them not equivalent; "
          f"{sum(not row.equivalent for row in hidden)} of these survive the random runs, too")
    return 0 if len(survivors) >= least else 1


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 0))
