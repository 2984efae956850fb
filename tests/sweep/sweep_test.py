# SPDX-License-Identifier: Apache-2.0
"""sweep_test.py TOOLS RAFTSIM: a sweep in shards, by each engine, says what one process says."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import engines

SWEEP, RAFTSIM = pathlib.Path(sys.argv[1]) / "sweep", sys.argv[2]
SEEDS, OPTIONS = "1..40", ["--nodes", "3", "--events", "500"]


def run(command: list[str], environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, env=environment or dict(os.environ), check=False, timeout=300)


class Sweep(unittest.TestCase):
    """Each engine runs two shards, or more."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="sweep-test-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def sweep(self, *more: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        return run([str(SWEEP), SEEDS, str(self.folder / "out"), "--program", RAFTSIM, "--jobs", "1", *more, "--", *OPTIONS], environment)

    def is_what_one_process_says(self, ended: subprocess.CompletedProcess[str]) -> None:
        whole = run([RAFTSIM, "--sweep", SEEDS, "--jobs", "1", "--out", str(self.folder / "whole.jsonl"), *OPTIONS])
        merged = run([RAFTSIM, "merge", str(self.folder / "whole.jsonl")])
        self.assertIn("verdict: valid", merged.stdout, whole.stderr)
        self.assertTrue(ended.stdout.endswith(merged.stdout), ended.stdout + ended.stderr)
        self.assertEqual(ended.returncode, merged.returncode, ended.stderr)

    def test_here(self) -> None:
        self.is_what_one_process_says(self.sweep("--shards", "3"))

    def test_slurm(self) -> None:
        with engines.slurm(self.folder) as environment:
            self.is_what_one_process_says(self.sweep("--engine", "slurm", "--shards", "2", environment=environment))

    def test_parallel(self) -> None:
        with engines.machine_by_ssh(self.folder) as (ssh, machine):
            self.is_what_one_process_says(self.sweep("--engine", "parallel", "--shards", "2", "--ssh", ssh, "--login", f"2/{machine}"))

    def test_only_what_is_missing_is_run_again(self) -> None:
        self.sweep("--shards", "2")
        (self.folder / "out/shard-1.jsonl").unlink()
        kept = (self.folder / "out/shard-2.jsonl").stat()
        self.is_what_one_process_says(self.sweep("--shards", "2"))
        self.assertEqual((self.folder / "out/shard-2.jsonl").stat(), kept)

    def test_a_shard_that_cannot_run_is_named(self) -> None:
        ended = run([str(SWEEP), SEEDS, str(self.folder / "out"), "--program", RAFTSIM, "--shards", "2", "--", "--nodes", "0"])
        self.assertEqual(ended.returncode, 3)
        self.assertIn("shard 1", ended.stderr)

    def test_bad_words(self) -> None:
        for words, said in ((["2000..1", "x"], "no range"), (["1..10", "x", "--shards", "11"], "--shards 11"), (["1..9", "x", "--program", "/no/such"], "/no/such")):
            ended = run([str(SWEEP), *words])
            self.assertNotEqual(ended.returncode, 0)
            self.assertIn(said, ended.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
