# SPDX-License-Identifier: Apache-2.0
"""blocks.py DOCUMENT FOLDER: every code block of the document is something that the test compiles or runs.

Blocks of C and C++ must stand, line by line, in a source of FOLDER. Those of sh go to FOLDER/blocks.sh and those of
cmake to FOLDER/CMakeLists.txt, for the caller to run.
"""
import pathlib
import re
import sys

document, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
sources = {path: [line.strip() for line in path.read_text().splitlines()]
           for ending in ("*.c", "*.cc") for path in folder.glob(ending)}
scripts = {"sh": ["set -euo pipefail"], "cmake": []}
missing, count = 0, 0


def stands_in(block: list[str], lines: list[str]) -> bool:
    return any(lines[begin:begin + len(block)] == block for begin in range(len(lines)))


BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
for language, text in BLOCK.findall(document.read_text()):
    count += 1
    if language in scripts:
        scripts[language] += text.splitlines()
    elif not any(stands_in([line.strip() for line in text.splitlines()], lines) for lines in sources.values()):
        print(f"{document}: this block is in no source that is compiled:\n{text}", file=sys.stderr)
        missing += 1
if re.search(r"^    \S", BLOCK.sub("", document.read_text()), re.MULTILINE):
    print(f"{document}: an indented block, which nobody checks", file=sys.stderr)
    missing += 1
(folder / "blocks.sh").write_text("\n".join(scripts["sh"]) + "\n")
(folder / "CMakeLists.txt").write_text("\n".join(scripts["cmake"]) + "\n")
print(f"{document.name}: {count} blocks")
sys.exit(1 if missing or not count else 0)
