#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The scoreboard of mutants: each runs in the simulator until a judge sees it or its budget is spent.

Usage: mutants.py [--budget SECONDS] [--jobs J] [--first SEED] [NAME...]

NAME... are the mutants to run, all if none. A budget is time on one core; clusters of 3, 5 and 4
servers take turns. Exit code 1: one was missed, or an equivalent one was flagged. Wants
build/mutants/bin/raftsim; tools/mutants.sh builds it.
"""
import argparse
import concurrent.futures
import dataclasses
import json
import os
import pathlib
import statistics
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/mutants"))
import mutants  # noqa: E402  pylint: disable=wrong-import-position

RAFTSIM = ROOT / "build/mutants/bin/raftsim"
SIZES = [3, 5, 4]
BLOCK = 16  # Seeds in one process.


@dataclasses.dataclass
class Outcome:
    mutant: mutants.Mutant
    judge: str = ""  # Empty: nobody saw it.
    repeat: str = ""
    runs: int = 0
    inputs: int = 0
    simulated_us: int = 0  # Until the violation, within its run.
    seconds: float = 0.0   # On one core, all runs.

    def ok(self) -> bool:
        return bool(self.judge) != bool(self.mutant.equivalent)


def sweep(name: str, seeds: range, nodes: int, folder: str) -> tuple[list[dict], float]:
    """The lines of a sweep over these seeds, and the time it took on one core."""
    out = os.path.join(folder, "sweep.jsonl")
    pid = os.posix_spawn(RAFTSIM, [RAFTSIM, "--mutant", name, "--sweep", f"{seeds[0]}..{seeds[-1]}", "--nodes", str(nodes),
                                   "--jobs", "1", "--out", out], os.environ,
                         file_actions=[(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_WRONLY, 0) for fd in (1, 2)])
    _, status, usage = os.wait4(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    if code not in (0, 1, 2):
        raise SystemExit(f"raftsim --mutant {name} --sweep {seeds[0]}..{seeds[-1]} --nodes {nodes}: exit code {code}")
    with open(out, encoding="utf-8") as lines:
        results = [json.loads(line) for line in lines]
    os.unlink(out)
    return [line for line in results if "seed" in line], usage.ru_utime + usage.ru_stime


def hunt(mutant: mutants.Mutant, budget: float, first: int) -> Outcome:
    outcome = Outcome(mutant)
    with tempfile.TemporaryDirectory() as folder:
        for block in range(1_000_000):
            if outcome.seconds >= budget:
                return outcome
            nodes = SIZES[block % len(SIZES)]
            begin = first + block // len(SIZES) * BLOCK
            lines, seconds = sweep(mutant.name, range(begin, begin + BLOCK), nodes, folder)
            outcome.seconds += seconds
            for line in lines:
                outcome.runs += 1
                outcome.inputs += line["inputs"]
                if line["verdict"] == "invalid":
                    violation = line["violation"]
                    outcome.judge = violation["judge"]
                    outcome.simulated_us = violation.get("time_us", 0)
                    outcome.repeat = f"--seed {line['seed']} --nodes {nodes}"
                    return outcome
    return outcome


def text(outcome: Outcome) -> str:
    mutant = outcome.mutant
    if outcome.judge:
        seen = f"{outcome.judge:20} {outcome.repeat:22} {outcome.simulated_us / 1e6:8.2f} s simulated"
    else:
        seen = f"{'equivalent: not seen' if mutant.equivalent else 'MISSED':20} {'':22} {'':20}"
    wrong = "" if outcome.ok() else "  <--"
    return f"{mutant.name:32} {mutant.hazard:4} {seen} {outcome.runs:6} runs {outcome.seconds:7.2f} s{wrong}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--budget", type=float, default=120.0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    rows = mutants.catalogue(ROOT)
    unknown = set(options.names) - {row.name for row in rows}
    if unknown:
        parser.error(f"no mutant is called {', '.join(sorted(unknown))}")
    rows = [row for row in rows if not options.names or row.name in options.names]
    outcomes = []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for outcome in pool.map(lambda row: hunt(row, options.budget, options.first), rows):
            print(text(outcome), flush=True)
            outcomes.append(outcome)
    wanted = [outcome for outcome in outcomes if not outcome.mutant.equivalent]
    found = [outcome.seconds for outcome in wanted if outcome.judge]
    print(f"found: {len(found)} of {len(wanted)}"
          + (f", median {statistics.median(found):.2f} s, longest {max(found):.1f} s on one core" if found else ""))
    print(f"equivalent: {len(outcomes) - len(wanted)}, flagged: "
          f"{sum(bool(outcome.judge) for outcome in outcomes if outcome.mutant.equivalent)}")
    return 0 if all(outcome.ok() for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
