#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every mutant of the catalogue is one place in the code of its group, and every place is listed.

Usage: catalogue_test.py ROOT SHIPPED...

Also: each names a row of hazards.md, and no SHIPPED library or program has a trace of one.
"""
import pathlib
import re
import sys

import mutants

FOLDER = {"votes": "raft", "log": "raft", "reads": "raft", "membership": "raft", "transfer": "raft",
          "snapshots": "raft", "journal": "journal", "replica": "replica", "codec": "codec",
          "sessions": "session"}
PLACE = re.compile(r"\bMUTANT\((\w+)\)")
HAZARD = re.compile(r"^\| ([A-G]\d+) \|", re.MULTILINE)


def places(root: pathlib.Path) -> dict[str, list[str]]:
    """Of each name, the folders of src/ in which it is switched, once for each place."""
    found: dict[str, list[str]] = {}
    for file in sorted((root / "src").rglob("*.[hc]*")):
        if file.parent.name == "mutant":
            continue
        for name in PLACE.findall(re.sub(r"//[^\n]*", "", file.read_text())):
            found.setdefault(name, []).append(file.parent.name)
    return found


def complaints(root: pathlib.Path, shipped: list[pathlib.Path]) -> list[str]:
    rows = mutants.catalogue(root)
    found = places(root)
    hazards = set(HAZARD.findall((root / "tests/mutants/hazards.md").read_text()))
    bad = [f"{name}: switched in the code and not in the catalogue" for name in found.keys() - {row.name for row in rows}]
    for row in rows:
        if found.get(row.name) != [FOLDER.get(row.group)]:
            bad.append(f"{row.name}: expected once in {FOLDER.get(row.group)}, found in {found.get(row.name)}")
        if row.hazard not in hazards:
            bad.append(f"{row.name}: hazards.md has no row {row.hazard}")
    if len({row.name for row in rows}) < len(rows):
        bad.append("a name is there twice")
    if len(rows) < 40 or sum(row.group in {"journal", "replica"} for row in rows) < 8:
        bad.append("fewer than 40 mutants, or fewer than 8 of journal and replica")
    for file in shipped:
        content = file.read_bytes()
        bad += [f"{file}: has a trace of {row.name}" for row in rows if row.name.encode() in content]
    return bad


if __name__ == "__main__":
    BAD = complaints(pathlib.Path(sys.argv[1]), [pathlib.Path(name) for name in sys.argv[2:]])
    for sentence in BAD:
        print(sentence, file=sys.stderr)
    sys.exit(1 if BAD else 0)
