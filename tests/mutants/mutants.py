# SPDX-License-Identifier: Apache-2.0
"""The catalogue of mutants (src/mutant/catalogue.def), for the programs of this folder."""
import dataclasses
import pathlib
import re

ROW = re.compile(r'^MUTANT_ROW\((\w+), (\w+), "([A-G]\d+)", "([^"]*)",\s*"([^"]*)"\)$', re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Mutant:
    group: str
    name: str
    hazard: str
    breaks: str
    equivalent: str  # Why nobody can notice it; empty: somebody must.


def catalogue(root: pathlib.Path) -> list[Mutant]:
    text = (root / "src/mutant/catalogue.def").read_text()
    found = [Mutant(*row) for row in ROW.findall(text)]
    if len(found) != len(re.findall(r"^MUTANT_ROW\(", text, re.MULTILINE)):
        raise SystemExit("catalogue.def: a row does not have the form of the others")
    return found
