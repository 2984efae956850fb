#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What raftsim promises on its command line. sim_test.py PART RAFTSIM SEAWORTHY TESTS"""
import os
import pathlib
import subprocess
import sys
import tempfile

RAFTSIM, SEAWORTHY, TESTS = sys.argv[2], sys.argv[3], pathlib.Path(sys.argv[4])


def run(*arguments: str, code: int = 0, program: str = RAFTSIM) -> tuple[str, str]:
    """Its standard output and error; its exit code must be `code`."""
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    if done.returncode != code:
        sys.exit(f"{' '.join(done.args)}: exit code {done.returncode}, expected {code}\n"
                 f"{done.stdout}{done.stderr}")
    return done.stdout, done.stderr


def expect(condition: bool, what: str) -> None:
    if not condition:
        sys.exit(what)


def golden() -> None:
    """One short run, event by event. GOLDEN=rewrite writes it anew."""
    output, _ = run("--seed", "7", "--events", "60", "--trace")
    file = TESTS / "sim" / "testdata" / "short_run.txt"
    if os.environ.get("GOLDEN") == "rewrite":
        file.write_text(output)
    expect(output == file.read_text(), f"the run differs from {file}; look at the difference, "
           "then GOLDEN=rewrite")
    expect(output.startswith("seed: 7\n"), "the first line is the seed")
    expect(output.splitlines()[-1].startswith("hash: "), "the last line is the hash")


def explore() -> None:
    """Exit codes, and the same states for any number of jobs. In the preset mutants: what it must find."""
    one, two = (run("--explore", "--depth", "11", "--crashes", "1", "--jobs", jobs)[0].splitlines() for jobs in "12")
    expect(one[-1] == two[-1] and one[-1].startswith("hash: "), "two jobs saw other states than one")
    expect("verdict: valid" in one, "the core that ships is wrong")
    told, _ = run("--explore", "--disks", "forgetful", "--crashes", "1", code=1)
    expect("violation: one-vote: " in told, "disks that forget did no harm")
    run("--explore", "--memory", "1", code=2)
    for arguments in (["--depth", "0"], ["--nodes", "6"], ["--in-flight", "33"], ["--disks", "wet"]):
        _, error = run("--explore", *arguments, code=3)
        expect(len(error.strip().splitlines()) == 1, f"{arguments}: not one sentence: {error}")
    run("--depth", "5", code=3)
    if not mutants():
        return
    for mutant in ("VotesForEveryCandidate", "VoteOfAnEarlierTermCounts", "AnswerOfAnEarlierTermCounts",
                   "CommitsOldTermsByCounting"):
        run("--explore", "--mutant", mutant, code=1)


def seeds() -> None:
    for line in (TESTS / "seeds.txt").read_text().splitlines():
        if line.startswith("#"):
            continue
        seed, nodes, events = line.split()[:3]
        run("--seed", seed, "--nodes", nodes, "--events", events)


def repeat() -> None:
    for seed in range(1, 21):
        arguments = ["--seed", str(seed), "--nodes", str(seed % 5 + 1), "--events", "800"]
        expect(run(*arguments)[0] == run(*arguments)[0], f"seed {seed} gave two different runs")


def sweep() -> None:
    """Any number of jobs, and any shards merged, give the same."""
    with tempfile.TemporaryDirectory() as folder:
        whole, first, second, again = (f"{folder}/{name}" for name in "wfsa")
        one, _ = run("--sweep", "1..200", "--jobs", "1", "--events", "300", "--out", whole)
        three, _ = run("--sweep", "1..200", "--jobs", "3", "--events", "300", "--out", again)
        expect(one == three, "another number of jobs gave another output")
        expect(pathlib.Path(whole).read_bytes() == pathlib.Path(again).read_bytes(), "or another file")
        run("--sweep", "1..77", "--events", "300", "--out", first)
        run("--sweep", "78..200", "--events", "300", "--out", second)
        merged, _ = run("merge", second, first)
        expect(merged.splitlines() == one.splitlines()[:-1], "merged shards differ from the whole")
        other = f"{folder}/o"
        run("--sweep", "1..2", "--events", "301", "--out", other)
        run("merge", first, other, code=3)
        pathlib.Path(other).write_text("no json\n")
        run("merge", other, code=3)


def bad_input() -> None:
    for arguments in (["--nodes", "0"], ["--nodes", "33"], ["--seed", "-1"], ["--seed", "99999999999999999999"],
                      ["--events", "0"], ["--sweep", "9..1"], ["--sweep", "x"], ["--sweep", "1..2", "--jobs", "9999"],
                      ["/nonexistent.scenario"], ["--seed", "1", "--shrink", "1"],
                      ["--seed", ""], ["--seed", "18446744073709551616"], ["--seed", "7", "--out", "/nonexistent/x"],
                      ["--seed", "7", "--jobs", "4"], ["--sweep", "1..5", "--trace"], ["--explore", "--seed", "4"],
                      ["--explore", "--events", "9"], ["--shrink", "7", "--jobs", "2"],
                      [str(next((TESTS / "scenarios").glob("*.scenario"))), "--nodes", "5"],
                      ["--seed", "7", "merge", "/nonexistent"]):
        _, error = run(*arguments, code=3)
        expect(len(error.strip().splitlines()) == 1, f"{arguments}: not one sentence: {error}")
    with tempfile.NamedTemporaryFile("w", suffix=".scenario") as file:
        file.write("nodes: 3\n1 jump n1\n")
        file.flush()
        _, error = run(file.name, code=3)
        expect(f"{file.name}:2:3: " in error, error)


FULL = pathlib.Path("/dev/full")


def code_of(words: list[str], redirections: str) -> int:
    """The exit code with the shell's redirections; below 0, or above 128, if a signal ended it."""
    return subprocess.run(["sh", "-c", f'"$@" {redirections}', "sh", *words], stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode


def outputs() -> None:
    """Where there is no room for words, they are lost, and no more than they."""
    few = [RAFTSIM, "--sweep", "1..5", "--events", "200"]
    for words, expected in ((few, 0), ([RAFTSIM, "--sweep", "x"], 3), ([SEAWORTHY, "analyse", "/nonexistent"], 3)):
        for redirections in (f"2>{FULL}", "2>&-"):
            expect(code_of(words, redirections) == expected, f"{words} {redirections}")
    for words in (["--sweep", "1..500", "--events", "20", "--out", str(FULL)], ["--seed", "1", "--trace"]):
        expect(code_of([RAFTSIM, *words], f">{FULL}") == 3, f"{words}: all was well")
    for words in ([RAFTSIM, "--seed", "1"], few, [RAFTSIM, "--version"], [SEAWORTHY, "list", "models"],
                  [SEAWORTHY, "check", "--help"]):
        expect(code_of(words, f">{FULL}") == 3, f"{words}: what it said was lost, and all was well")
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "results"
        expect(code_of([*few, "--out", str(file)], "<&- >&- 2>&-") == 0, "it does not work without outputs")
        expect(all(line.startswith("{") for line in file.read_text().splitlines()), "it printed into its own file")
    with FULL.open("w") as full:
        lost = subprocess.run([RAFTSIM, "--seed", "1"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    expect(lost.stderr == "raftsim: cannot write to standard output\n", lost.stderr)


def applied() -> None:
    with tempfile.TemporaryDirectory() as folder:
        run("--seed", "12", "--applied", folder)
        files = sorted(str(file) for file in pathlib.Path(folder).iterdir())
        expect(len(files) == 3, "one record a server")
        run("applied", *files, program=SEAWORTHY)
        lines = pathlib.Path(files[0]).read_text().splitlines()
        at = next(i for i, line in enumerate(lines) if not line.startswith("#"))
        lines[at] = lines[at][:-1] + ("0" if lines[at][-1] != "0" else "1")
        pathlib.Path(files[0]).write_text("\n".join(lines) + "\n")
        run("applied", *files, code=1, program=SEAWORTHY)


def mutants() -> list[str]:
    """Those that this raftsim can be switched to; none but in the preset mutants."""
    listed = subprocess.run([RAFTSIM, "--list-mutants"], capture_output=True, text=True, check=False)
    return [line.split()[0] for line in listed.stdout.splitlines()] if listed.returncode == 0 else []


def scenarios() -> None:
    """They are how wrong servers fail; the right one does not. In the preset mutants: each still fails so."""
    known = mutants()
    files = sorted((TESTS / "scenarios").glob("*.scenario"))
    expect(len(files) > 0, f"no scenarios in {TESTS}")
    for file in files:
        run(str(file))
        judge = next(line for line in file.read_text().splitlines() if line.startswith("expect: "))[8:]
        if file.stem in known:
            played = subprocess.run([RAFTSIM, "--mutant", file.stem, str(file)], capture_output=True, text=True, check=False)
            wrong = "CHECK failed" in played.stderr if judge == "check" else f"violation: {judge}: " in played.stdout
            expect(wrong, f"{file}: {judge} does not see {file.stem}:\n{played.stdout}{played.stderr}")



{"golden": golden, "explore": explore, "seeds": seeds, "repeat": repeat, "sweep": sweep, "bad_input": bad_input,
 "outputs": outputs, "applied": applied, "scenarios": scenarios}[sys.argv[1]]()
