#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The whole checker on real servers: what it says, what it saves, what it leaves behind.

system_test.py SEAWORTHY [CLASS]
"""
import json
import os
import shutil
import signal
import subprocess
import time
import unittest

from runs import Folder, HERE, NODES, PROGRAM, leftovers, until


class Verdict(Folder):
    def test_etcd_is_valid_and_analyse_says_the_same_byte_for_byte(self):
        code, out, err = self.check("etcd", "--plan", "sanity", "--time", "3", "--seed", "7")
        self.assertEqual(code, 0, err)
        self.assertEqual(out[0], "seed: 7")
        self.assertEqual(out[-3], "verdict: valid")
        self.assertEqual(out[-2], f"run: {self.folder}/run")
        self.assertTrue(out[-1].startswith("repeat: ") and "--seed 7" in out[-1], out[-1])
        for name in ("plan.toml", "run.json", "links.json", "audit.json", "history.jsonl", "faults.jsonl",
                     "verdict.json", "traffic.pcapng", "summary.txt", "nodes/1/output.log"):
            self.assertTrue((self.folder / "run" / name).exists(), name)
        self.assertEqual(os.readlink(self.folder / "latest"), "run")
        before = self.saved("verdict.json")
        self.assertEqual(json.loads(before)["verdict"], "valid")
        (self.folder / "run" / "verdict.json").unlink()
        code, out, err = self.run_to_end("analyse", "run")
        self.assertEqual((code, out[0]), (0, "verdict: valid"), err)
        self.assertEqual(self.saved("verdict.json"), before)
        self.known_bugs_are_accepted_only_if_asked()
        # The opinion about the traffic is formed from the numbers.
        audit = json.loads(self.saved("audit.json"))
        audit["hosts"][0]["received_bytes"] += 1
        (self.folder / "run" / "audit.json").write_text(json.dumps(audit))
        code, out, err = self.run_to_end("analyse", "run")
        self.assertEqual((code, out[0]), (2, "verdict: unknown"), err)
        self.assertRegex(err, "traffic +unknown n1's interface received")

    def known_bugs_are_accepted_only_if_asked(self):
        """Of a valid run of etcd, which keeps the list that is shipped."""
        run = self.folder / "run"
        kept, facts = self.saved("known.toml"), self.saved("run.json")
        self.assertIn("ETCD-20418", kept)
        version = json.loads(facts)["target_version"]
        edited = json.loads(facts)
        edited["recovery"]["leader_ms"] = None
        (run / "run.json").write_text(json.dumps(edited))
        code, out, err = self.run_to_end("analyse", "run", "--accept-known")
        self.assertEqual((code, out[0]), (1, "verdict: invalid"), err)
        bug = ('[[known]]\nid = "X-1"\nabout = "nobody leads"\nchecker = "liveness"\n'
               'versions = ["%s"]\nsentence = "no node led within * s of the end of the faults"\n')
        (run / "known.toml").write_text(bug % "0.1..0.2")
        self.assertEqual(self.run_to_end("analyse", "run", "--accept-known")[0], 1)
        (run / "known.toml").write_text(bug % version)
        code, out, err = self.run_to_end("analyse", "run")
        self.assertEqual((code, out[0]), (1, "verdict: invalid"), err)
        self.assertIn("known as X-1", err)
        self.assertIn('"known":"X-1"', self.saved("verdict.json"))
        code, out, err = self.run_to_end("analyse", "run", "--accept-known")
        self.assertEqual((code, out[:2]), (0, ["known: X-1: nobody leads (liveness)", "verdict: invalid"]), err)
        (run / "known.toml").write_text(kept)
        (run / "run.json").write_text(facts)

    def test_the_command_that_repeats_a_run_can_be_pasted(self):
        plan = self.folder / "my plans" / "quick one.toml"
        plan.parent.mkdir()
        plan.write_text('name = "quick"\n[clients]\ncount = 2\n')
        # As a shell starts what it found in PATH.
        words = ["seaworthy", "check", "--target", "raftkv", "--nodes", "1", "--plan", "my plans/quick one.toml",
                 "--time", "1", "--seed", "4", "--out", "run"]
        first = subprocess.run(words, executable=PROGRAM, cwd=self.folder, text=True, capture_output=True, timeout=60)
        self.assertEqual(first.returncode, 0, first.stderr)
        repeat = first.stdout.splitlines()[-1].removeprefix("repeat: ")
        again = subprocess.run(repeat, shell=True, cwd=self.folder, text=True, capture_output=True, timeout=60)
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertEqual(again.stdout.splitlines()[-1], first.stdout.splitlines()[-1])

    def test_a_server_that_is_wrong_is_convicted_with_the_operations(self):
        code, out, err = self.check("broken/stale-read", "--plan", "partitions", "--time", "15", "--seed", "1")
        self.assertEqual(code, 1, err)
        self.assertEqual(out[-3], "verdict: invalid")
        linear = next(c for c in json.loads(self.saved("verdict.json"))["checkers"] if c["name"] == "linear")
        self.assertEqual(linear["verdict"], "invalid")
        self.assertTrue(linear["evidence"])
        lines = self.saved("history.jsonl").splitlines()
        for index in linear["evidence"]:
            self.assertEqual(json.loads(lines[index])["index"], index)
        self.assertIn(linear["sentence"], err)

    def test_queues_lose_nothing_and_a_server_that_loses_is_convicted_in_words(self):
        words = ("--workload", "queue", "--plan", "partitions", "--time", "10", "--seed", "1")
        code, _, err = self.check("raftkv", *words)
        self.assertEqual(code, 0, err)
        self.assertIn("workload: queue, by the target's own append", err)
        facts = json.loads(self.saved("run.json"))
        self.assertEqual(facts["workload"], "queue")
        self.assertGreater(len(facts["recovery"]["led"]), 1, "leadership was not rotated")
        reads = [json.loads(line) for line in self.saved("history.jsonl").splitlines() if '"f":"read"' in line]
        lists = [e["value"] for e in reads if e["type"] == "ok"]
        self.assertTrue(all(isinstance(elements, list) and len(elements) <= 100 for elements in lists))
        self.assertEqual({e["node"] for e in reads if e["process"] == 7}, set(range(1, int(NODES) + 1)))  # It roams.
        shutil.rmtree(self.folder / "run")
        code, _, err = self.check("broken/early-ack", *words)
        self.assertEqual(code, 1, err)
        self.assertRegex(err, r"linear +invalid key k[0-9]+: process [0-9]+ read .*without \"[0-9]+\"")

    def test_faults_are_observed_and_the_same_seed_draws_the_same(self):
        words = ("--plan", "standard", "--time", "10", "--seed", "3")
        code, _, err = self.check("raftkv", *words)
        self.assertEqual(code, 0, err)
        faults = [json.loads(line) for line in self.saved("faults.jsonl").splitlines()]
        self.assertTrue(faults)
        self.assertEqual([f for f in faults if f["state"] == "failed"], [])
        fired = [f["id"] for f in faults if f["state"] == "fired"]
        self.assertEqual(sorted(fired), sorted(f["id"] for f in faults if f["state"] == "healed"))
        first = [line for line in self.saved("plan.toml").splitlines() if line.startswith(("fault", "order"))]
        shutil.rmtree(self.folder / "run")
        self.check("raftkv", *words)
        again = [line for line in self.saved("plan.toml").splitlines() if line.startswith(("fault", "order"))]
        # Elections differ in length, so one of the runs may have room for more steps of each lane.
        self.assertEqual(first[:2], again[:2])


    def test_of_one_or_two_nodes_nobody_is_elected_without_the_one_that_died(self):
        plan = self.folder / "kill.toml"
        plan.write_text('name = "kill"\n[[lane]]\n[[lane.step]]\nfault = "kill leader"\ngap = 1\nlength = 1\n')
        for nodes in ("1", "2"):
            code, _, err = self.run_to_end("check", "--target", "raftkv", "--nodes", nodes, "--plan", str(plan), "--time",
                                           "4", "--seed", "3", "--out", "run")
            self.assertEqual(code, 0, err)
            self.assertIn("faults: 1 x kill leader", err)
            shutil.rmtree(self.folder / "run")


class Disks(Folder):
    """Faults of disks, where the machine allows FUSE; without it they are left out, and that is said."""
    FUSE = os.access("/dev/fuse", os.R_OK | os.W_OK)

    def steps(self, *faults: str) -> str:
        """A plan of exactly these."""
        steps = "".join(f'[[lane.step]]\nfault = "{fault}"\ngap = 0.5\nlength = 0.3\n' for fault in faults)
        plan = self.folder / "steps.toml"
        plan.write_text(f'name = "steps"\n[[lane]]\n{steps}')
        return str(plan)

    def test_every_kind_is_observed_or_left_out_with_the_reason(self):
        disks = ("power-cut leader", "torn-write all", "disk-full one", "disk-error one", "slow-disk one")
        syncs = ("kill-at-sync leader", "kill-after-sync minority", "sync-error one")
        code, _, err = self.check("raftkv", "--plan", self.steps(*disks, *syncs), "--time", "5", "--seed", "3")
        self.assertEqual(code, 0, err)
        faults = [json.loads(line) for line in self.saved("faults.jsonl").splitlines()]
        healed = [fault["fault"] for fault in faults if fault["state"] == "healed"]
        self.assertEqual(healed, [*(disks if self.FUSE else ()), *syncs])
        if not self.FUSE:
            self.assertRegex(err, "faults +valid .*left out were 5 faults of disks: cannot open /dev/fuse")

    def test_a_clock_is_left_out_where_the_program_becomes_another_one(self):
        target = str(HERE / "adapters" / "becomes-another")
        code, _, err = self.check(target, "--plan", self.steps("clock-jump leader", "kill one"), "--time", "4", "--seed", "3")
        self.assertEqual(code, 0, err)
        self.assertRegex(err, "faults +valid .*left out were 1 faults of clocks: n1's clock cannot be set: the program that was "
                         "started is another one by now")
        plans = self.folder / "plans" / "mine"
        plans.mkdir(parents=True)
        (plans / "jump.toml").write_text('name = "jump"\n[[rule]]\nname = "r"\nwhen = { wait = 0.1 }\n'
                                         'do = ["clock-jump leader +5"]\nrequire = true\n')
        code, out, err = self.run_to_end("check", "--target", target, "--nodes", "1", "--suite", "mine", "--time", "1",
                                         "--out", "suite", env={**os.environ, "SEAWORTHY_PLANS": str(plans.parent)})
        self.assertEqual(out[1], "plan mine/jump: skipped", err)
        self.assertFalse((self.folder / "suite" / "jump").exists())

    @unittest.skipUnless(FUSE, "needs /dev/fuse")
    def test_who_acknowledges_before_a_sync_is_convicted_by_a_power_cut_and_the_twin_is_not(self):
        plan = self.steps("power-cut all", "quiet power-cut all")
        for target, expected in (("twin/no-sync", 0), ("broken/no-sync", 1)):
            code, _, err = self.check(target, "--plan", plan, "--time", "5", "--seed", "3")
            self.assertEqual(code, expected, err)
            shutil.rmtree(self.folder / "run")


class Rules(Folder):
    """Faults at points of the protocol, on a real cluster."""

    def plan(self, text: str) -> str:
        path = self.folder / "mine.toml"
        path.write_text('name = "mine"\n' + text)
        return str(path)

    def messages(self) -> list[dict]:
        return [json.loads(line) for line in self.saved("messages.jsonl").splitlines()]

    def test_the_answer_is_lost_and_its_sender_dies(self):
        code, _, err = self.check("raftkv", "--plan", "append-reply-lost-follower-dies", "--time", "20", "--seed", "3")
        self.assertEqual(code, 0, err)
        struck = [message for message in self.messages() if message.get("action")]
        self.assertEqual([(message["type"], message["action"]) for message in struck], [("AppendReply", "drop")])
        faults = [json.loads(line) for line in self.saved("faults.jsonl").splitlines()]
        self.assertEqual([fault["state"] for fault in faults], ["armed", "fired", "healed"])
        self.assertIn(f"message {struck[0]['id']}:", faults[0]["observed"])
        self.assertIn("exited by SIGKILL", faults[1]["observed"])
        self.assertEqual(faults[0]["nodes"], [struck[0]["from"]])

    def test_a_held_message_goes_on_when_another_rule_fires(self):
        code, _, err = self.check("raftkv", "--plan", "stale-append", "--time", "20", "--seed", "3")
        self.assertEqual(code, 0, err)
        held = [message for message in self.messages() if message.get("action") == "hold until led"]
        self.assertEqual(len(held), 1)

    def test_a_rest_ends_when_clients_go_on_and_with_the_rules(self):
        plan = self.plan(
            '[[rule]]\nname = "rest"\nwhen = { type = "AppendReply", nth = 600 }\ndo = ["rest"]\nrequire = true\n'
            '[[rule]]\nname = "go"\nwhen = { type = ["AppendReply", "AppendEntries"], after = "rest" }\n'
            'do = ["go-on"]\nrequire = true\n'
            '[[rule]]\nname = "again"\nwhen = { after = "go", wait = 0.5 }\ndo = ["rest"]\nrequire = true\n'
            '[[rule]]\nname = "twice"\nwhen = { after = "again", wait = 0.5 }\ndo = ["rest"]\nrequire = true\n')
        code, _, err = self.check("raftkv", "--plan", plan, "--time", "4", "--seed", "3")
        self.assertEqual(code, 0, err)

    def test_a_required_rule_that_does_not_fire_makes_the_run_unknown(self):
        plan = self.plan('[[rule]]\nname = "never"\nrequire = true\n'
                         'when = { type = "AppendEntries", index = ">=1000000000" }\n')
        code, _, err = self.check("raftkv", "--plan", plan, "--time", "2", "--seed", "3")
        self.assertEqual(code, 2, err)
        self.assertIn("rule never", err)
        self.assertIn("did not fire", err)

    def test_a_member_comes_back_as_a_new_one(self):
        code, _, err = self.check("etcd", "--plan", "member-added-under-partition", "--time", "30", "--seed", "3")
        self.assertEqual(code, 0, err)
        events = [json.loads(line) for line in self.saved("nodes.jsonl").splitlines()]
        emptied = [event["node"] for event in events if event["event"] == "emptied"]
        self.assertEqual(len(emptied), 1)
        # It speaks under another id since.
        names = {message["sender"] for message in self.messages() if message["from"] == emptied[0] and "sender" in message}
        self.assertEqual(len(names), 2, names)

    def test_members_are_changed_only_where_the_target_can_do_it(self):
        code, _, err = self.check("pysyncobj", "--plan", "member-added-under-partition", "--time", "30")
        self.assertEqual(code, 3)
        self.assertIn("rule 'out' cannot remove follower after delivery: the target can neither change its members nor", err)
        self.assertFalse((self.folder / "run").exists())

    def test_what_a_protocol_does_not_allow_is_refused_before_a_node_starts(self):
        plan = self.plan('[[rule]]\nname = "r"\nrequire = true\nwhen = { type = "PreVote" }\ndo = ["drop"]\n')
        code, _, err = self.check("pysyncobj", "--plan", plan, "--time", "2")
        self.assertEqual(code, 3)
        self.assertIn("rule 'r' must fire, but nodes that speak pysyncobj send no PreVote", err)
        self.assertFalse((self.folder / "run").exists())
        code, _, err = self.check("raftkv", "--plan", plan, "--time", "2", "--monitor", "packet")
        self.assertEqual(code, 3)
        self.assertIn("has rules about messages", err)

    def test_a_wrong_word_is_told_by_file_line_and_column(self):
        plan = self.plan('[[rule]]\nname = "r"\nwhen = { type = "AppendRepli" }\n')
        code, _, err = self.check("raftkv", "--plan", plan)
        self.assertEqual(code, 3)
        self.assertRegex(err, r"mine\.toml:4:\d+: unknown type of message 'AppendRepli'; did you mean 'AppendReply'\?")


class Search(Folder):
    """Plans that nobody wrote are runs like any other."""

    def test_finds_a_server_that_votes_twice_or_says_what_it_tried(self):
        code, out, err = self.check("broken/votes-twice", "--search", "12", "--seed", "1")
        tried = [json.loads(line) for line in self.saved("search.jsonl").splitlines()]
        self.assertGreater(tried[-1]["total"], 10, err)
        self.assertEqual([line["plan"] for line in tried], list(range(len(tried))))
        for line in tried:
            self.assertTrue((self.folder / "run" / line["file"]).exists())
        self.assertIn(f"verdict: {('valid', 'invalid', 'unknown')[code]}", out)
        if code == 1:
            self.assertEqual(tried[-1]["verdict"], "invalid")
            self.assertIn(f"run: {self.folder}/run/{tried[-1]['plan']:04}", out)
            self.assertIn(f"--plan {self.folder}/run/{tried[-1]['file']} ", out[-1])
            self.assertEqual(self.run_to_end("analyse", "run")[0], 1)

    def test_wants_a_number_of_seconds_and_no_plan(self):
        self.assertEqual(self.check("raftkv", "--search", "0")[0], 3)
        self.assertEqual(self.check("raftkv", "--search", "9", "--plan", "none")[0], 3)
        self.assertEqual(self.check("raftkv", "--search", "9", "--search-how", "well")[0], 3)


    def test_goes_on_when_a_run_cannot_start(self):
        process = self.start("check", "--target", "raftkv", "--nodes", NODES, "--out", "run", "--search", "8", "--seed", "1")
        self.assertTrue(until((self.folder / "run" / "search.jsonl").exists, 20))
        (self.folder / "run" / "0001").mkdir()
        (self.folder / "run" / "0001" / "mine.txt").touch()
        out, err = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 2, err)
        self.assertIn("verdict: unknown", out)
        tried = [json.loads(line) for line in self.saved("search.jsonl").splitlines()]
        self.assertEqual(tried[1]["verdict"], "unknown")
        self.assertRegex(tried[1]["why"], "could not start: .*holds something already")
        self.assertGreater(len(tried), 2, err)

    def test_says_why_when_not_even_the_first_run_starts(self):
        code, out, err = self.check("etcd", "--search", "8", env={**os.environ, "PATH": "/nonexistent"})
        self.assertEqual(code, 3)
        self.assertIn("etcd not found in PATH", err)


class Suite(Folder):
    """Plans one after the other."""

    def test_goes_on_when_a_plan_cannot_start_and_is_as_good_as_the_worst(self):
        plans = self.folder / "plans" / "mine"
        plans.mkdir(parents=True)
        for name in ("a", "b"):
            (plans / f"{name}.toml").write_text(f'name = "{name}"\nabout = "no faults"\n')
        suite = {"env": {**os.environ, "SEAWORTHY_PLANS": str(plans.parent)}}
        words = ("check", "--target", "raftkv", "--nodes", "1", "--suite", "mine", "--time", "1", "--out", "run")
        (self.folder / "run" / "a").mkdir(parents=True)
        (self.folder / "run" / "a" / "mine.txt").touch()
        code, out, err = self.run_to_end(*words, **suite)
        self.assertEqual(code, 2, err)
        self.assertRegex(out[1], "plan mine/a: could not start: .*holds something already")
        self.assertEqual(out[2:5], ["plan mine/b: valid", "1 of 2 plans could not start", "verdict: unknown"])
        left = [path.name for path in (self.folder / "run" / "b" / "nodes" / "1").iterdir()]
        self.assertEqual(left, ["output.log"])  # What the node kept would fill the disk.
        code, out, err = self.run_to_end(*words, **suite)  # Now there is the run of b, too.
        self.assertEqual(code, 3, err)
        self.assertEqual(out[-1], "2 of 2 plans could not start")


class Ending(Folder):
    """However the checker ends, nothing of it goes on, and what was saved can be judged."""

    def begin(self) -> subprocess.Popen:
        process = self.start("check", "--target", "etcd", "--nodes", NODES, "--plan", "none", "--time", "120",
                             "--seed", "5", "--out", "run")
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        history = self.folder / "run" / "history.jsonl"
        self.assertTrue(until(lambda: history.exists() and history.stat().st_size > 20000, 60))
        return process

    def assert_nothing_left(self):
        run = self.folder / "run"
        self.assertTrue(until(lambda: not leftovers(run), 5), leftovers(run))

    def test_killed_it_takes_everything_along_and_can_be_analysed(self):
        process = self.begin()
        self.assertTrue(leftovers(self.folder / "run"))
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.assert_nothing_left()
        code, out, err = self.run_to_end("analyse", "run")
        self.assertEqual((code, out[0]), (2, "verdict: unknown"), err)
        self.assertIn("linear              valid", err)

    def test_interrupted_it_saves_and_judges_what_there_is(self):
        process = self.begin()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 2, err)
        self.assertIn("verdict: unknown", out)
        self.assertIn("interrupted: Ctrl-C", err)
        self.assert_nothing_left()

    def test_interrupted_at_any_early_moment_it_ends_with_one_sentence(self):
        for milliseconds in range(0, 60, 10):
            with self.subTest(milliseconds=milliseconds):
                process = self.start("check", "--target", "etcd", "--nodes", NODES, "--plan", "none", "--time", "120",
                                     "--out", "run")
                process.stdout.readline()  # The seed: it has begun.
                time.sleep(milliseconds / 1000)
                process.send_signal(signal.SIGINT)
                out, err = process.communicate(timeout=60)
                self.assertIn("Ctrl-C", err)
                self.assert_nothing_left()
                if process.returncode == 3:
                    self.assertEqual(err, "seaworthy: Ctrl-C before the run began: nothing was judged\n")
                    self.assertFalse((self.folder / "run").exists())
                else:
                    self.assertEqual(process.returncode, 2, err)
                    self.assertIn("verdict: unknown", out)
                    self.assertTrue((self.folder / "run" / "verdict.json").exists())
                    shutil.rmtree(self.folder / "run")

    def test_interrupted_twice_it_says_no_more_than_is_true(self):
        process = self.begin()
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
        self.assertEqual("verdict:" in out, (self.folder / "run" / "verdict.json").exists())
        if "verdict:" not in out:
            self.assertEqual(process.returncode, 3)
            self.assertIn(f"interrupted twice: nothing was judged; 'seaworthy analyse {self.folder}/run'", err)
        self.assert_nothing_left()
        self.assertEqual(self.run_to_end("analyse", "run")[0], 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
