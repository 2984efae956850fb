#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each lint of source text catches what it is for, in small trees that are bad on purpose.

Usage: lints_test.py TOOLS_FOLDER
"""
import pathlib
import subprocess
import sys
import tempfile

LINE = "// SPDX-License-Identifier: Apache-2.0\n"
PURE = "module(pure PURE DEPS base SOURCES a.cc)\n"

# (tool, the file written, its text, whether the tool must accept it)
CASES = [
    ("check_files.py", "src/a/a.cc", LINE + "int a;\n", True),
    ("check_files.py", "src/a/a.cc", "int a;\n", False),
    ("check_files.py", "notes.md", "# Notes\n", False),
    ("check_files.py", "tools/run.sh", "#!/bin/bash\n# SPDX-License-Identifier: Apache-2.0\n", True),
    ("check_files.py", "src/a/testdata/case.txt", "a\n----\nb\n", True),
    ("check_files.py", "src/a/a.cc", LINE + "\n" * 440, True),
    ("check_files.py", "src/a/a.cc", LINE + "\n" * 460, False),
    ("check_layers.py", "src/pure/a.cc", '#include "base/check.h"\n#include "pure/a.h"\n', True),
    ("check_layers.py", "src/pure/a.cc", '#include "os/file.h"\n', False),
    ("check_layers.py", "src/pure/a.cc", '#include "check/history/operation.h"\n', False),
    ("check_words.py", "src/pure/a.cc", "#include <vector>\n// steady_clock is for shells\n", True),
    ("check_words.py", "src/pure/a.cc", "#include <random>\nstd::mt19937 engine;\n", False),
    ("check_words.py", "src/pure/a.cc", "auto f() { return std::chrono::steady_clock::now(); }\n", False),
    ("check_words.py", "src/pure/a.cc", "#include <mutex>\n", False),
    ("check_words.py", "src/pure/a.cc", "#include <sys/socket.h>\n", False),
    ("check_words.py", "src/pure/a.cc", "thread_local int n;\n", False),
    ("check_words.py", "src/pure/a.cc", "double share = 0.5;\n", False),
    ("check_words.py", "src/pure/a.cc", "double share = 0.5;  // Pure: printed only.\n", True),
    ("check_words.py", "src/pure/a.cc", "// Pure: printed only.\ndouble share = 0.5;\n", True),
    ("check_words.py", "src/pure/a.cc", "// Pure: printed only.\ndouble share = 0.5;\ndouble more;\n", False),
    ("check_words.py", "src/pure/a.cc", 'const char* text = "double trouble";\n', True),
    ("check_words.py", "src/pure/a.cc", "std::unordered_map<int, int> seen;\nbool f() { return seen.find(1) != seen.end(); }\n",
     True),
    ("check_words.py", "src/pure/a.cc", "std::unordered_map<int, int> seen;\nvoid f() { for (auto& x : seen) g(x); }\n",
     False),
    ("check_words.py", "src/pure/a.cc", "std::unordered_set<int> seen;\nauto f() { return *seen.begin(); }\n", False),
    ("check_words.py", "src/shell/a.cc", "#include <thread>\n", True),
]


def accepts(tools: pathlib.Path, tool: str, name: str, text: str) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for module, listing in {"pure": PURE, "shell": "module(shell DEPS base)\n"}.items():
            (root / "src" / module).mkdir(parents=True)
            (root / "src" / module / "CMakeLists.txt").write_text("# " + LINE[3:] + listing)
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
        checked = root if tool == "check_files.py" else root / "src"
        return subprocess.run([sys.executable, tools / tool, checked], capture_output=True, check=False).returncode == 0


def main(tools: pathlib.Path) -> int:
    wrong = [case for case in CASES if accepts(tools, *case[:3]) != case[3]]
    for tool, name, text, good in wrong:
        print(f"{tool} {'refuses' if good else 'accepts'} {name}:\n{text}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
