#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""captures_test.py SEAWORTHY: each capture here gives the messages and the report that stand beside it.

PROTOCOL/NAME.pcap is read twice: its messages are NAME.jsonl, its report and exit code NAME.golden. With
GOLDEN=rewrite in the environment both are written anew; read the difference before you commit it.
"""
import difflib
import os
import pathlib
import subprocess
import sys

FOLDER = pathlib.Path(__file__).resolve().parent
MOST_BYTES = 200_000


def output(program: str, capture: pathlib.Path, *flags: str) -> tuple[str, int]:
    """What `wire` prints about a capture, and its exit code."""
    command = [program, "wire", capture.name, "--protocol", capture.parent.name, *flags]
    done = subprocess.run(command, cwd=capture.parent, capture_output=True, text=True, check=False, timeout=60)
    return done.stdout.replace(program, "seaworthy").replace(f"{FOLDER}/", ""), done.returncode


def compare(path: pathlib.Path, actual: str) -> bool:
    if os.environ.get("GOLDEN") == "rewrite":
        path.write_text(actual)
        return True
    expected = path.read_text() if path.exists() else ""
    if actual == expected:
        return True
    lines = difflib.unified_diff(expected.splitlines(True), actual.splitlines(True), str(path), "now")
    sys.stdout.writelines(list(lines)[:60])
    return False


def main(program: str) -> int:
    captures = sorted(FOLDER.glob("*/*.pcap*"))
    assert captures, f"no captures in {FOLDER}"
    good = True
    for capture in captures:
        if capture.stat().st_size > MOST_BYTES:
            print(f"{capture}: larger than {MOST_BYTES} bytes")
            good = False
        messages, _ = output(program, capture, "--json", "--listing")
        report, code = output(program, capture, "--summary")
        good &= compare(capture.with_suffix(".jsonl"), messages)
        good &= compare(capture.with_suffix(".golden"), f"{report}exit: {code}\n")
    print(f"{len(captures)} captures")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(str(pathlib.Path(sys.argv[1]).resolve())))
