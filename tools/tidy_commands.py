# SPDX-License-Identifier: Apache-2.0
"""tidy_commands.py FROM TO [FOLDER]: a compile_commands.json with each source once, for clang-tidy.

Many sources are compiled twice: for what users run, and with SEAWORTHY_BROKEN for the servers that are wrong on purpose. The
second has every line of the first and more. Where sources are united (preset tidy, which defines SEAWORTHY_BROKEN
everywhere) the servers' own copies say nothing new, and headers are read with the sources that include them.

With FOLDER, sources of different modules are united, too, in files that are written there: clang-tidy reads the standard
library anew for each, which is half of its time. What is apart within a module stays apart, and so do programs: their names
are in no module's namespace.
"""
import json
import pathlib
import re
import shlex
import sys

FILES = 24  # United files of each kind (with GoogleTest, without), at least.
UNITED = re.compile(r'^#include "(/.+)"$', re.MULTILINE)
MODULE = re.compile(r"^namespace \w", re.MULTILINE)


def once(commands: list[dict]) -> list[dict]:
    """Each source, with SEAWORTHY_BROKEN where there is such a command."""
    chosen: dict[str, dict] = {}
    for command in commands:
        if "/broken_raftkv.dir/Unity/" in command["file"] or "_verify_interface_header_sets" in command["file"]:
            continue
        if command["file"] not in chosen or "-DSEAWORTHY_BROKEN" in command["command"]:
            chosen[command["file"]] = command
    return list(chosen.values())


class Piece:
    """A source, or a file of CMake's that unites some of one folder."""

    def __init__(self, command: dict) -> None:
        file = pathlib.Path(command["file"])
        self.sources = UNITED.findall(file.read_text(encoding="utf-8")) if "/Unity/" in str(file) else [str(file)]
        texts = [pathlib.Path(source).read_text(encoding="utf-8") for source in self.sources]
        self.size = sum(map(len, texts))
        self.module = pathlib.Path(self.sources[0]).parent
        self.program = not all(map(MODULE.search, texts))
        words = shlex.split(command["command"])
        self.macros = {word[2:] for word in words if word.startswith("-D") and not word.endswith("_EXPORTS")}
        self.folders = re.findall(r"-(?:I|isystem )\S+", command["command"])
        self.others = [word for word in words if word.startswith(("-W", "-std="))]
        self.test = "-DGTEST_HAS_PTHREAD=1" in words
        # Each reader of TOML sets the library up in its own way, before the one time that its header is read.
        self.toml = any(macro.startswith("TOML_") for macro in self.macros) or any("toml" in text for text in texts)

    def bears(self, other: "Piece") -> bool:
        """Whether both may stand in one file."""
        return self.module != other.module and not (self.toml and other.toml)


def united(pieces: list[Piece], file: pathlib.Path) -> dict:
    """The command for `file`, which is written: it includes the pieces, each with its own macros."""
    common = set.intersection(*(piece.macros for piece in pieces))
    lines = []
    for piece in pieces:
        own = [macro.partition("=") for macro in sorted(piece.macros - common)]
        lines += [f"#define {name} {value or 1}" for name, _, value in own]
        lines += [f'#include "{source}"' for source in piece.sources]
        lines += [f"#undef {name}" for name, _, _ in own]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    folders = dict.fromkeys(folder for piece in pieces for folder in piece.folders)
    words = ["clang++", *(shlex.quote("-D" + macro) for macro in sorted(common)), *folders, *pieces[0].others, "-c", str(file)]
    return {"directory": str(file.parent), "file": str(file), "command": " ".join(words)}


def unite(commands: list[dict], folder: pathlib.Path, least: int = FILES) -> list[dict]:
    """Commands for united files with one piece of a module each, `least` of each kind if there is so much; and all others."""
    folder.mkdir(parents=True, exist_ok=True)
    every = [(command, Piece(command)) for command in commands]
    pieces = [piece for _, piece in every if not piece.program]
    result = [command for command, piece in every if piece.program]
    for test in (False, True):
        files: list[list[Piece]] = [[] for _ in range(least)]
        for piece in sorted((piece for piece in pieces if piece.test == test), key=lambda piece: -piece.size):
            free = [file for file in files if all(map(piece.bears, file))]
            if not free:
                files.append([])
                free = files[-1:]
            min(free, key=lambda file: sum(other.size for other in file)).append(piece)
        # Clang's analyzer follows paths only in the main file, and in what a file of such a name includes.
        result += [united(file, folder / f"UnifiedSource_{'test' if test else 'source'}_{number}.cc")
                   for number, file in enumerate(files) if file]
    return result


def main(source: str, target: str, *folder: str) -> None:
    commands = once(json.loads(pathlib.Path(source).read_text(encoding="utf-8")))
    if folder:
        commands = unite(commands, pathlib.Path(folder[0]).resolve())
    pathlib.Path(target).write_text(json.dumps(commands, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
