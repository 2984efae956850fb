#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs that are done again, and made small: `seaworthy replay` and `seaworthy shrink`.

replay_test.py SEAWORTHY [CLASS]
"""
import json
import re
import shutil
import signal
import time
import unittest

from runs import Folder, leftovers, until

# One fault of these is to blame: broken/stale-read is convicted when its leader is cut off for longer than an election.
FIVE_FAULTS = """name = "five"
[clients]
count = 6
keys = 2
[[lane]]
"""
for fault, length in (("pause one", 0.3), ("kill one", 0.5), ("partition leader", 8), ("pause one", 0.3), ("delay all", 0.5)):
    FIVE_FAULTS += f'[[lane.step]]\nfault = "{fault}"\ngap = 0.5\nlength = {length}\n'


class Recorded(Folder):
    def record(self, target: str, *words: str) -> int:
        (self.folder / "five.toml").write_text(FIVE_FAULTS)
        code, _, err = self.check(target, "--plan", "five.toml", "--time", "5", "--seed", "7", *words)
        self.recorded = err
        return code


class Again(Recorded):
    def test_a_violation_comes_again_by_points_and_ends_the_run(self):
        self.assertEqual(self.record("broken/stale-read"), 1)
        code, out, err = self.run_to_end("replay", "run", "--out", "again")
        self.assertEqual(code, 1, err)
        self.assertIn("the recorded violation (linear) came again", err)
        self.assertEqual(out[0], "seed: 7")
        self.assertEqual(out[1], "verdict: invalid")
        again = self.folder / "again"
        self.assertIn("turn = 1, ", (again / "plan.toml").read_text())
        self.assertIn("a violation is proven: linear", json.loads((again / "run.json").read_text())["interrupted"])

    def test_a_valid_run_is_valid_again_and_there_is_nothing_to_shrink(self):
        self.assertEqual(self.record("raftkv"), 0, self.recorded)
        code, _, err = self.run_to_end("replay", "run", "--out", "again")
        self.assertEqual(code, 0, err)

        def struck(run: str) -> list[tuple]:
            lines = (self.folder / run / "faults.jsonl").read_text().splitlines()
            records = [json.loads(line) for line in lines]
            return [(r["fault"], len(r["nodes"]), r.get("leader") in r["nodes"]) for r in records if r["state"] == "fired"]
        self.assertEqual(struck("run"), struck("again"))
        code, out, err = self.run_to_end("shrink", "run")
        self.assertEqual(code, 3)
        self.assertIn("there is nothing to shrink", err)

    def test_killed_it_takes_everything_along(self):
        self.assertEqual(self.record("broken/stale-read"), 1)
        process = self.start("shrink", "run")
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        run = self.folder / "run"
        self.assertTrue(until(lambda: any(run.glob(".reruns-*/*/history.jsonl")), 60))
        self.assertTrue(leftovers(run))
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.assertTrue(until(lambda: not leftovers(run), 5), leftovers(run))
        # What it could not clear away the next one does, which has no time for a single rerun, and takes none.
        self.assertNotEqual(list(run.glob(".reruns-*")), [])
        begun = time.monotonic()
        code, _, err = self.run_to_end("shrink", "run", "--time-limit", "2")
        self.assertLess(time.monotonic() - begun, 6, err)
        self.assertEqual(code, 2, err)
        self.assertIn("the time was over before the violation had repeated: no plan is written", err)
        self.assertEqual(list(run.glob(".reruns-*")), [])

    def test_interrupted_it_clears_up(self):
        self.assertEqual(self.record("broken/stale-read"), 1)
        process = self.start("shrink", "run")
        run = self.folder / "run"
        self.assertTrue(until(lambda: any(run.glob(".reruns-*/*/history.jsonl")), 60))
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
        self.assertEqual(process.returncode, 2, err)
        self.assertEqual(list(run.glob(".reruns-*")), [])
        self.assertTrue(until(lambda: not leftovers(run), 5), leftovers(run))

    def test_what_is_wrong_in_a_recording_is_named_by_its_place(self):
        def refused(said: str, command: str = "replay"):
            code, out, err = self.run_to_end(command, "run", "--out", "other.toml")
            self.assertEqual(code, 3, err)
            self.assertIn(said, err)
            self.assertFalse((self.folder / "other.toml").exists())
        refused("run is not a folder")
        self.assertEqual(self.record("broken/stale-read"), 1)
        kept = self.folder / "kept"
        shutil.copytree(self.folder / "run", kept)

        def spoil(name: str, change):
            shutil.copytree(kept, self.folder / "run", dirs_exist_ok=True)
            file = self.folder / "run" / name
            file.write_text(change(file.read_text()))
        spoil("faults.jsonl", lambda text: text.replace('"step":1', '"step":9', 1))
        refused("faults.jsonl:1: lane 1, step 9 is no step of plan.toml")
        spoil("faults.jsonl", lambda text: text.replace('"id":1', '"id":"x"', 1))
        refused("faults.jsonl:1 is not a fault as JSON")
        spoil("plan.toml", lambda text: text.replace("pause one", "paws one", 1))
        refused("plan.toml:")
        spoil("messages.jsonl", lambda text: text.replace("{", "[", 1))
        refused("messages.jsonl:1: ", "shrink")
        spoil("history.jsonl", lambda text: re.sub('"index":1,', '"index":0,', text, count=1))
        refused("history.jsonl:2: ")
        spoil("run.json", lambda text: text.replace('"nodes": 3', '"nodes": 4000000000', 1))
        refused("run.json: 'nodes' must be from 1 to 64")
        shutil.copytree(kept, self.folder / "run", dirs_exist_ok=True)
        (self.folder / "other-tried.jsonl").write_text("{}\n")
        refused("other-tried.jsonl:1: the line is not a tried plan as JSON", "shrink")


class Shrinking(Recorded):
    """Dearer than the rest together."""

    def first_answer(self) -> str:
        """What the first plan that `shrink` tries is found to do; then it is interrupted."""
        with self.start("shrink", "run") as process:
            told = next((line for line in process.stderr if re.match("shrink: +[0-9]+ s", line)), "")
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=20)
        self.assertEqual(process.returncode, 2)
        return told

    def test_five_faults_shrink_to_the_one_to_blame(self):
        self.assertEqual(self.record("broken/stale-read"), 1)
        code, out, err = self.run_to_end("shrink", "run", "--time-limit", "180")
        self.assertEqual(code, 0, err)
        said = dict(line.split(": ", 1) for line in out)
        plan = self.folder / "run" / "minimal.toml"
        self.assertEqual(said["plan"], str(plan))
        self.assertLessEqual(plan.read_text().count("[[lane.step]]"), 2, err)
        self.assertRegex(said["fails"], "^[1-5] of [1-5] reruns$")
        self.assertIn(f"fails with it (linear): {said['fails']}.", plan.read_text())
        self.assertEqual(json.loads((self.folder / "run" / "minimal-run" / "verdict.json").read_text())["verdict"], "invalid")
        self.assertEqual(list((self.folder / "run").glob(".reruns-*")), [])
        # What was tried is not tried again. Of another seed, target or version of it nothing is known.
        self.assertIn("(as before)", self.first_answer())
        facts = self.saved("run.json")
        (self.folder / "run" / "run.json").write_text(facts.replace('"seed": 7', '"seed": 8'))
        self.assertRegex(self.first_answer(), r"\([0-9]+ of [0-9]+\)$")
        # It is a plan like any other; that it fails each time was not said.
        code, out, err = self.run_to_end("check", "--target", "broken/stale-read", "--nodes", "3", "--plan", str(plan), "--time", "3",
                                         "--seed", "7", "--out", "plain")
        self.assertIn(code, (0, 1, 2), err)


class Long(Folder):
    """For `make long`: a hundred faults become at most five in ten minutes."""

    def test_a_hundred_faults_shrink_to_a_handful(self):
        code, _, err = self.run_to_end("check", "--target", "broken/stale-read", "--nodes", "5", "--plan", "standard", "--time", "100",
                                       "--seed", "3", "--out", "run")
        self.assertEqual(code, 1, err)
        self.assertGreaterEqual(self.saved("faults.jsonl").count('"state":"fired"'), 100)
        process = self.start("shrink", "run", "--time-limit", "600")
        out, err = process.communicate(timeout=700)
        self.assertEqual(process.returncode, 0, err)
        self.assertLessEqual((self.folder / "run" / "minimal.toml").read_text().count("[[lane.step]]"), 5, err)


if __name__ == "__main__":
    unittest.main()
