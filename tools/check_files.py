#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails if a text file of the project lacks its SPDX line, or a source file has grown too long.

Data is exempt from the line: golden files (testdata/) are compared byte for byte, JSON has no
comments. Source files over 400 lines are listed, over 450 they fail: a noun wants to leave.
"""
import pathlib
import subprocess
import sys

SPDX = "SPDX-License-Identifier: Apache-2.0"
EXEMPT_NAMES = {"LICENSE", "VERSION"}
EXEMPT_ENDINGS = {".json", ".jsonl", ".golden"}
EXEMPT_FOLDERS = {"testdata", "corpus"}
NOT_OURS = {"build", "runs", ".git", ".cache", "__pycache__"}
WARN_LINES = 400
MOST_LINES = 450


def project_files(root: pathlib.Path) -> list[pathlib.Path]:
    """What git tracks or would add; without git (an unpacked archive), all but build folders."""
    if (root / ".git").exists():
        listing = subprocess.run(["git", "-C", str(root), "-c", "safe.directory=*", "ls-files", "-z", "--cached",
                                  "--others", "--exclude-standard"], capture_output=True, check=False)
        if listing.returncode == 0:
            names = [name for name in listing.stdout.decode().split("\0") if name]
            return [root / name for name in names if (root / name).is_file()]
    return [path for path in root.rglob("*") if path.is_file()
            and not NOT_OURS & set(path.relative_to(root).parts)]


def complaints(root: pathlib.Path, path: pathlib.Path) -> list[str]:
    """What is wrong with one file, in sentences."""
    relative = path.relative_to(root)
    content = path.read_bytes()
    if b"\0" in content[:8192]:
        return []  # Not text.
    lines = content.decode(errors="replace").splitlines()
    exempt = (path.name in EXEMPT_NAMES or path.suffix in EXEMPT_ENDINGS
              or EXEMPT_FOLDERS & set(relative.parts) or not lines)
    found = []
    if not exempt and not any(SPDX in line for line in lines[:2]):
        found.append(f"{relative}: the first line (or the second, after #!) must say {SPDX}")
    if relative.parts[0] == "src" and path.suffix in {".cc", ".h"}:
        if len(lines) > MOST_LINES:
            found.append(f"{relative}: {len(lines)} lines; split it by noun ({MOST_LINES} is the limit)")
        elif len(lines) > WARN_LINES:
            print(f"note: {relative} has {len(lines)} lines")
    return found


def main(root: pathlib.Path) -> int:
    bad = [text for path in sorted(project_files(root)) for text in complaints(root, path)]
    for text in bad:
        print(text, file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
