#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails if a file includes a header of a module that its own module does not list in DEPS."""
import pathlib
import re
import sys

MODULE = re.compile(r"^module\((.*?)\)", re.DOTALL | re.MULTILINE)
# The last folder names the module: check/history/operation.h belongs to `history`.
INCLUDE = re.compile(r'^#include "(?:[a-z0-9_]+/)*([a-z0-9_]+)/[a-z0-9_]+\.h"', re.MULTILINE)


def read_module(listing: pathlib.Path) -> tuple[str, dict[str, set[str]]]:
    """The name of the module in a CMakeLists.txt, and the words after each of its KEYWORDS."""
    name, *words = MODULE.search(listing.read_text()).group(1).split()
    fields: dict[str, set[str]] = {}
    field: set[str] = set()
    for word in words:
        if word.isupper():
            field = fields.setdefault(word, set())
        else:
            field.add(word)
    return name, fields


def main(source: pathlib.Path) -> int:
    failures = 0
    for listing in sorted(source.rglob("CMakeLists.txt")):
        if not MODULE.search(listing.read_text()):
            continue
        name, fields = read_module(listing)
        allowed = {name} | fields.get("DEPS", set())
        for file in sorted(listing.parent.glob("*.[hc]*")):
            mine = allowed | fields.get("TEST_DEPS", set()) if "_test" in file.stem else allowed
            for module in INCLUDE.findall(file.read_text()):
                if module not in mine:
                    print(f"{file}: {name} may not include {module}/", file=sys.stderr)
                    failures += 1
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
