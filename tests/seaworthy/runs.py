# SPDX-License-Identifier: Apache-2.0
"""Runs of the checker, each in a folder of its own: for the tests beside this file."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAM = sys.argv.pop(1)
HERE = pathlib.Path(__file__).resolve().parent
NODES = "3"


class Folder(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="seaworthy-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def start(self, *words: str, **options) -> subprocess.Popen:
        return subprocess.Popen([PROGRAM, *words], cwd=self.folder, text=True, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)

    def run_to_end(self, *words: str, **options) -> tuple[int, list[str], str]:
        """Exit code, lines of standard output, standard error."""
        process = self.start(*words, **options)
        out, err = process.communicate(timeout=200)
        return process.returncode, out.splitlines(), err

    def check(self, target: str, *words: str, **options) -> tuple[int, list[str], str]:
        return self.run_to_end("check", "--target", target, "--nodes", NODES, "--out", "run", *words, **options)

    def saved(self, name: str) -> str:
        return (self.folder / "run" / name).read_text()


def leftovers(run: pathlib.Path) -> list[str]:
    """Processes that still have a file or their working directory in the run's folder."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            links = [process / "cwd", *(process / "fd").iterdir()]
            if any(os.readlink(link).startswith(str(run)) for link in links):
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue  # It has ended, or is not ours.
    return found


def until(condition, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True
