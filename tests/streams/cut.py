#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""cut.py SEAWORTHY RUN FOLDER CHECKER     what convicts RUN by CHECKER, and by no other
cut.py SEAWORTHY RUN FOLDER A..B [C..D ...] the messages A to B, C to D, ..., in which nothing is wrong

Cuts the messages and the events of nodes of a run (`seaworthy check`) down to a stream of this folder. What is
kept is kept as it was recorded, with as much around it as there is room for and as no other checker minds.
"""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

MOST_BYTES = 50_000
OTHERS = {"linear", "liveness", "divergence", "faults", "workload", "traffic"}  # They do not judge messages.


def lines_of(run: pathlib.Path) -> list[tuple[int, str, dict, str]]:
    """Both files in order of time: time, file, what the line says, the line."""
    all_lines = []
    for name in ("nodes.jsonl", "messages.jsonl"):  # At one time, events come first.
        for line in (run / name).read_text().splitlines(True):
            said = json.loads(line)
            all_lines.append((said["time"], name, said, line))
    return sorted(all_lines, key=lambda one: one[0])


def judged(program: str, run: pathlib.Path, kept: list) -> list[dict]:
    """Findings in what is kept."""
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder)
        shutil.copy(run / "run.json", copy)
        write(kept, copy)
        subprocess.run([program, "analyse", folder], capture_output=True, check=False)
        checkers = json.loads((copy / "verdict.json").read_text())["checkers"]
    return [one for one in checkers if one["name"] not in OTHERS and one["verdict"] == "invalid"]


def write(kept: list, folder: pathlib.Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("nodes.jsonl", "messages.jsonl"):
        (folder / name).write_text("".join(line for _, file, _, line in kept if file == name))


def size_of(kept: list) -> int:
    return sum(len(line) for _, _, _, line in kept)


def within(all_lines: list, keep) -> list:
    """The lines whose place is one to keep, and up to the last of them what happened to nodes."""
    places = [at for at in range(len(all_lines)) if keep(at)]
    return [line for at, line in enumerate(all_lines[:places[-1] + 1])
            if keep(at) or line[2].get("event", "status") != "status"]


def places_of(finding: dict, all_lines: list) -> list[int]:
    """Where the lines stand that a finding rests on."""
    asked = {int(number) for number in re.findall(r"when asked at (\d+) ms", finding["sentence"])}
    return [at for at, (time, _, said, _) in enumerate(all_lines)
            if said.get("id") in finding["evidence"] or "event" in said and time // 1_000_000 in asked]


def convicting(program: str, run: pathlib.Path, all_lines: list, checker: str) -> list:
    verdict = json.loads((run / "verdict.json").read_text())
    for finding in verdict["checkers"]:
        if finding["name"] != checker or finding["verdict"] != "invalid":
            continue
        places = places_of(finding, all_lines)
        for around in (100, 50, 20, 10, 5, 2, 0):
            for first in (len(all_lines), 0):  # Some need all messages from the first one on.
                kept = within(all_lines, lambda at: first <= at <= places[-1] or
                              any(-around <= at - place <= around for place in places))
                if size_of(kept) <= MOST_BYTES and {one["name"] for one in judged(program, run, kept)} == {checker}:
                    return kept
    sys.exit(f"{run}: nothing convicts it by {checker} alone within {MOST_BYTES} bytes")


def main() -> int:
    if len(sys.argv) < 5:
        print(__doc__, file=sys.stderr)
        return 3
    program, run, folder = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    all_lines = lines_of(run)
    windows = [tuple(int(end) for end in word.split("..")) for word in sys.argv[4:] if ".." in word]
    if windows:
        ids, last = [], 0
        for _, _, said, _ in all_lines:
            last = said.get("id", last)  # An event belongs to the message before it.
            ids.append(last)
        kept = within(all_lines, lambda at: any(first <= ids[at] <= end for first, end in windows))
    else:
        kept = convicting(program, run, all_lines, sys.argv[4])
    write(kept, folder)
    print(f"{folder}: {len(kept)} lines, {size_of(kept)} bytes; found:")
    for finding in judged(program, run, kept):
        print(f"  {finding['name']}: {finding['sentence']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
