#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Which sources tools/tidy_commands.py unites for clang-tidy, and that each keeps its own macros.

Usage: tidy_commands_test.py COMPILER TOOLS_FOLDER
"""
import pathlib
import subprocess
import sys
import tempfile
import unittest

COMPILER, TOOLS = sys.argv[1:3]
sys.path.insert(0, TOOLS)
import tidy_commands  # noqa: E402  pylint: disable=wrong-import-position


class Unite(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def write(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text(text, encoding="utf-8")

    def command(self, name: str, *words: str) -> dict:
        file = self.root / name
        return {"directory": str(self.root), "file": str(file),
                "command": " ".join([COMPILER, "-I" + str(self.root), "-Wall", "-Werror", "-std=c++20", *words, "-o x.o -c", str(file)])}

    def united(self, files: dict[str, str], *words: str) -> list[list[str]]:
        """The sources of each united file."""
        self.write(files)
        commands = tidy_commands.unite([self.command(name, *words) for name in files], self.root / "united", 1)
        texts = [pathlib.Path(command["file"]).read_text(encoding="utf-8") for command in commands]
        return sorted([str(pathlib.Path(source).relative_to(self.root)) for source in sorted(tidy_commands.UNITED.findall(text))]
                      for text in texts)

    def test_sources_of_different_modules_are_one(self) -> None:
        self.assertEqual(self.united({"a/x.cc": "namespace a {}\n", "b/x.cc": "namespace b {}\n"}), [["a/x.cc", "b/x.cc"]])

    def test_sources_of_a_module_stay_apart(self) -> None:
        self.assertEqual(self.united({"a/x.cc": "namespace a {}\n", "a/y.cc": "namespace a {}\n"}), [["a/x.cc"], ["a/y.cc"]])

    def test_programs_stay_apart(self) -> None:
        self.assertEqual(self.united({"a/x.cc": "namespace a {}\n", "b/x.cc": "namespace {}\nint main() {}\n"}), [[], ["a/x.cc"]])

    def test_the_analyzer_looks_into_them(self) -> None:
        self.united({"a/x.cc": "namespace a {}\n"})
        self.united({"b/x.cc": "namespace b {}\n"}, "-DGTEST_HAS_PTHREAD=1")
        names = sorted(file.name for file in (self.root / "united").iterdir())
        self.assertEqual(names, ["UnifiedSource_source_0.cc", "UnifiedSource_test_0.cc"])

    def test_each_has_its_own_macros(self) -> None:
        self.write({"a/x.cc": "namespace a {}\nstatic_assert(X == 1);\n", "b/x.cc": "namespace b {}\nstatic_assert(X == 2);\n", "c/x.cc": "namespace c {}\n#ifdef X\n#error\n#endif\n"})
        commands = [self.command("a/x.cc", "-DX"), self.command("b/x.cc", "-DX=2"), self.command("c/x.cc")]
        only, = tidy_commands.unite(commands, self.root / "united", 1)
        words = [COMPILER, *only["command"].split()[1:], "-fsyntax-only"]
        self.assertEqual(subprocess.run(words, cwd=self.root, check=False).returncode, 0)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
