#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each way to be wrong on purpose is one block of at most ten lines, in one place."""
import pathlib
import re
import sys

BLOCK = re.compile(r"^#ifdef SEAWORTHY_BROKEN\n(.*?)^#endif", re.DOTALL | re.MULTILINE)
SWITCH = re.compile(r"(?:broken == (?:replica::)?Broken::|if \(config_\.(?=no_))(\w+)")
EXPECTED = ["CommitsByCounting", "EarlyAck", "EmptiesResent", "ForgetsVote", "LostTail", "StaleRead", "StaleVoteCheck",
            "TruncatesAcked", "VotesTwice", "no_sync"]


def main(source: pathlib.Path) -> int:
    found: list[str] = []
    failures = 0
    for file in sorted(source.rglob("*.cc")):
        for block in BLOCK.findall(file.read_text()):
            names = SWITCH.findall(block)
            found += names
            if names and block.count("\n") > 10:
                print(f"{file}: the switch {names[0]} takes {block.count(chr(10))} lines", file=sys.stderr)
                failures += 1
    if sorted(found) != EXPECTED:
        print(f"switches in the code: {sorted(found)}, expected {EXPECTED}", file=sys.stderr)
        failures += 1
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
