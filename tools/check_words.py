#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails if the source of a PURE module uses what its object code cannot show.

check_pure.py reads object code, but a header-only engine of <random> or a walk over an unordered
container leaves no symbol there. A line may keep a banned word if it, or the line above it, has a
comment `// Pure: reason`.
"""
import pathlib
import re
import sys

PURE_MODULE = re.compile(r"^module\(\S+\s+PURE\b", re.MULTILINE)
BANNED = {
    r"#include <random>": "engines and distributions differ between libraries; pass a base::Prng",
    r"#include <(thread|mutex|shared_mutex|condition_variable|future|atomic|semaphore)>":
        "a pure module has one caller at a time",
    r"#include <(fstream|iostream|filesystem|cstdio|ctime)>": "a pure module reads and writes nothing",
    r"#include <(unistd\.h|fcntl\.h|sys/.*|netinet/.*|arpa/.*|pthread\.h|time\.h)>":
        "the operating system is for the shells",
    r"\b(steady_clock|system_clock|high_resolution_clock)\b": "time comes in as input",
    r"\b(thread_local|volatile)\b": "no state outside of objects",
    r"\b(float|double)\b": "no floating point in decisions",
    r"\breinterpret_cast<\s*(std::)?u?intptr_t": "no order or number taken from an address",
}
COMMENTS = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
STRINGS = re.compile(r'"(\\.|[^"\\\n])*"')
UNORDERED = re.compile(r"\bunordered_(?:multi)?(?:map|set)<[^;{}()]*>&?\s+(\w+)\s*[;={(,)]")


def code_lines(text: str) -> list[str]:
    """The lines without comments and strings; a line that `// Pure:` excuses is emptied."""
    text = re.sub(r"^\s*// Pure: [^\n]+\n[^\n]*", "\n", text, flags=re.MULTILINE)
    text = re.sub(r"[^\n]*// Pure: [^\n]+", "", text)
    text = COMMENTS.sub(lambda match: "\n" * match.group().count("\n"), text)
    return [line if line.lstrip().startswith("#include") else STRINGS.sub('""', line)
            for line in text.split("\n")]


def walks(line: str, name: str) -> bool:
    """Whether the line iterates over the container `name`."""
    return bool(re.search(rf"\bfor\s*\([^;]*:\s*(?:\w+(?:\.|->))*{name}\s*\)", line)
                or re.search(rf"\b{name}\.c?begin\(\)", line))


def check_module(folder: pathlib.Path) -> int:
    files = {path: code_lines(path.read_text()) for path in sorted(folder.glob("*.[hc]*"))
             if "_test" not in path.stem}
    unordered = {name for lines in files.values() for name in UNORDERED.findall("\n".join(lines))}
    failures = 0
    for path, lines in files.items():
        for number, line in enumerate(lines, start=1):
            reasons = [reason for word, reason in BANNED.items() if re.search(word, line)]
            reasons += [f"{name} has no order that may be walked" for name in unordered if walks(line, name)]
            for reason in reasons:
                print(f"{path}:{number}: {line.strip()}: {reason}", file=sys.stderr)
                failures += 1
    return failures


def main(source: pathlib.Path) -> int:
    pure = [listing.parent for listing in sorted(source.rglob("CMakeLists.txt"))
            if PURE_MODULE.search(listing.read_text())]
    return 1 if sum(check_module(folder) for folder in pure) else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
