#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What users get wrong.

usage_test.py SEAWORTHY [CLASS]
"""
import os
import unittest

from runs import Folder, HERE, NODES


class Usage(Folder):
    """Every mistake is one clear sentence, exit code 3, and leaves nothing behind."""

    def refused(self, *words: str, said: str, **options):
        code, out, err = self.run_to_end(*words, **options)
        self.assertEqual(code, 3, err)
        self.assertIn(said, err)
        self.assertFalse(any(line.startswith("verdict") for line in out))
        self.assertEqual(list(self.folder.glob("run*/*/*")), [])

    def test_unknown_words_are_named_with_the_nearest(self):
        self.refused("check", "--target", "etdc", said="etcd")
        self.refused("check", "--target", "etcd", "--plan", "standart", said="did you mean 'standard'?")
        self.refused("check", "--target", "etcd", "--suite", "externals", said="did you mean 'external'?")
        self.refused("check", "--target", "etcd", "--sed", "7", said="--sed")
        self.refused("check", "--target", "etcd", "--suite", "nope", said="unknown suite 'nope' (there are external, invasive)")
        self.refused("check", "--target", "etcd", "--plan", "nope", said="unknown plan 'nope'; did you mean 'none'? (there are external/")
        code, _, err = self.run_to_end("check", "--target", "etcd", "--plan", "xyzzy")
        self.assertEqual((code, err.count("figure-8")), (3, 1), err)
        self.refused("check", said="--target is required: 'seaworthy list targets' shows all")
        self.refused("list", "target", said="targets")
        self.refused("list", said="what is required: one of targets, plans, faults, ")
        self.refused("analyse", said="path is required: Folder of a run or a suite, or a history file")

    def test_values_out_of_range_are_refused(self):
        self.refused("check", "--target", "etcd", "--nodes", "0", said="--nodes must be from 1")
        self.refused("check", "--target", "etcd", "--time", "0", said="--time must be from 1")
        self.refused("check", "--target", "etcd", "--keys", "100001", said="--keys must be from 1 to 100000, not 100001")
        self.refused("check", "--target", "etcd", "--clients", "0", said="--clients must be from 1 to 1000, not 0")
        for option in ("--search", "--seed", "--time", "--nodes", "--clients", "--keys"):
            self.refused("check", "--target", "etcd", option, "", said=f"{option}: '' is not a whole number from 0 to ")
        self.refused("check", "--target", "etcd", "--seed", "18446744073709551616",
                     said="--seed: '18446744073709551616' is not a whole number from 0 to 18446744073709551615")
        self.refused("check", "--target", "etcd", "--search", "9", "--time", "9", said="--time excludes --search")
        self.refused("check", "--target", "etcd", "--monitor", "pocket", said="did you mean 'packet'")

    def test_settings_are_those_that_the_target_offers(self):
        self.refused("check", "--target", "etcd", "--set", "snapshot-cuont=1", said="did you mean 'snapshot-count'?")
        self.refused("check", "--target", "etcd", "--set", "pre-vote=yes", said="is true or false, not 'yes'")
        self.refused("check", "--target", "etcd", "--set", "pre-vote", said="--set takes NAME=VALUE, not 'pre-vote'")
        self.refused("check", "--target", "libraft", "--set", "pre-vote=true", said="nothing can be set about libraft")
        code, out, _ = self.run_to_end("list", "targets")
        self.assertEqual(code, 0)
        self.assertTrue(any(line.startswith("  --set snapshot-count=") for line in out))

    def test_a_wrong_plan_is_told_by_file_line_and_column(self):
        plan = self.folder / "mine.toml"
        plan.write_text('name = "mine"\n[[lane]]\nfaults = ["kill leadr"]\n')
        self.refused("check", "--target", "etcd", "--plan", str(plan),
                     said="mine.toml:3:11: unknown target 'leadr'; did you mean 'leader'?")
        plan.write_text('name = "mine\n')
        self.refused("check", "--target", "etcd", "--plan", str(plan), said="mine.toml:1:")

    def test_a_time_without_room_for_what_the_plan_requires_is_refused_with_one_that_has(self):
        plan = self.folder / "mine.toml"
        plan.write_text('name = "mine"\n[[lane]]\nfaults = ["kill one"]\ngap = [1]\nlength = [9]\n'
                        '[require]\nfired = { kill = 3 }\n')
        words = ("check", "--target", "raftkv", "--nodes", NODES, "--plan", str(plan), "--out", "run", "--time")
        # Three times 300 ms and ten elections, of 1500 ms.
        self.refused(*words, "2", said="'mine' requires the faults 3 x kill, for which --time 2 has no room; where "
                     "elections take 1500 ms, the smallest that has is --time 46")
        self.assertFalse((self.folder / "run").exists())
        # Room if elections took 100 ms, but they take longer: known when the nodes run.
        code, out, err = self.run_to_end(*words, "4")
        self.assertEqual(code, 3, err)
        self.assertRegex(err, "--time 4 has no room with the election timeout of [0-9]+ ms; the smallest")
        self.assertFalse(any(line.startswith("verdict") for line in out))
        # Votes might have been split twice: elections were measured four times, not twice, before it gave up.
        started = sum(log.read_text().count("ready") for log in (self.folder / "run" / "nodes").glob("*/output.log"))
        self.assertEqual(started, int(NODES) + 4)

    def test_the_sample_plan_is_a_plan(self):
        sample = HERE.parent.parent / "docs" / "samples" / "plan.toml"
        # The target is looked for after the plan was read.
        self.refused("check", "--target", "etcd", "--plan", str(sample), said="etcd not found in PATH",
                     env={**os.environ, "PATH": "/nonexistent"})

    def test_a_missing_program_is_named(self):
        self.refused("check", "--target", "etcd", env={**os.environ, "PATH": "/nonexistent"},
                     said="etcd not found in PATH")

    def test_a_folder_that_holds_something_is_refused(self):
        (self.folder / "full").mkdir()
        (self.folder / "full" / "thesis.txt").write_text("mine")
        self.refused("check", "--target", "etcd", "--out", "full", said="holds something already")
        self.assertEqual((self.folder / "full" / "thesis.txt").read_text(), "mine")

    def test_a_node_that_exits_at_once_is_shown_with_its_last_output(self):
        code, _, err = self.check(str(HERE / "adapters" / "exits-at-once"))
        self.assertEqual(code, 3)
        self.assertIn("exited before it was ready", err)
        self.assertIn("the disk of n", err)

    def test_what_is_no_run_is_refused(self):
        self.refused("analyse", "/nonexistent", said="/nonexistent")
        self.refused("analyse", str(self.folder), said="is not a run")
        history = self.folder / "history.jsonl"
        history.write_text('{"index":0}\n')
        self.refused("analyse", str(history), said="--model: one of register, ")
        self.refused("analyse", str(history), "--model", "registre",
                     said="unknown model 'registre'; did you mean 'register'? (there are register, ")
        self.refused("analyse", str(history), "--model", "register", said="history.jsonl:1")

    def test_a_truncated_file_of_a_run_is_named_without_the_words_of_a_library(self):
        run = self.folder / "torn"
        run.mkdir()
        (run / "run.json").write_text('{"seaworthy": "0.1')
        self.refused("analyse", str(run), said=f"{run}/run.json is not a run's facts as JSON: it breaks off or goes wrong "
                     "at byte 19\n")
        (run / "run.json").write_text("{}")
        self.refused("analyse", str(run), said=f"{run}/run.json is not a run's facts as JSON: a member is missing")

    def test_lists_are_not_empty(self):
        for what, word in (("targets", "etcd"), ("plans", "standard"), ("faults", "partition"),
                           ("models", "register")):
            code, out, _ = self.run_to_end("list", what)
            self.assertEqual(code, 0)
            self.assertTrue(any(line.startswith(word) for line in out), what)


if __name__ == "__main__":
    unittest.main(verbosity=2)
