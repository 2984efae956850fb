#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A log or a snapshot that is gone, or older than the other: serve and verify say so, and such a node takes no part."""
import pathlib
import shutil
import signal
import subprocess
import sys
import unittest

from cluster import Cluster, until

PROGRAM = sys.argv.pop(1)
LOGS = {"segments": "*.journal", "mapped": "log.mapped"}


class LostFiles(unittest.TestCase):
    def verify(self, folder: pathlib.Path, node: int = 1) -> str:
        """What it says of damage."""
        done = subprocess.run([PROGRAM, "verify", str(folder), "--id", str(node)], capture_output=True, text=True,
                              timeout=30)
        self.assertEqual(done.returncode, 4, done.stdout + done.stderr)
        return done.stdout

    def cluster(self, storage: str, count: int, *words: str) -> Cluster:
        cluster = Cluster(PROGRAM, count=count, options=("--storage", storage, *words))
        cluster.__enter__()
        self.addCleanup(cluster.__exit__)
        return cluster

    def fill(self, cluster: Cluster, size: int = 100) -> None:
        client = cluster.client(cluster.leader())
        for number in range(40):
            client.call("SET", f"key{number}", "x" * size)
        client.close()

    def snapshot(self, cluster: Cluster, node: int) -> None:
        until(lambda: cluster.info(node)["applied"] == cluster.info(cluster.leader())["last_index"])
        client = cluster.client(node)
        self.assertEqual(client.call("RAFT", "SNAPSHOT"), "OK")
        client.close()

    def refused(self, cluster: Cluster, node: int, why: str) -> None:
        """Twice: the second start does not forget what the first one found."""
        for _ in range(2):
            ended = subprocess.run(cluster.command(node), capture_output=True, text=True, timeout=30)
            self.assertEqual(ended.returncode, 4, ended.stdout + ended.stderr)
            self.assertNotIn("ready", ended.stdout)
            self.assertRegex(ended.stderr, rf"(?m)^raftkv: {cluster.data(node)}: {why}")

    def test_a_log_that_is_gone_while_its_snapshot_is_there(self):
        for storage, pattern in LOGS.items():
            for count in (1, 3):
                with self.subTest(storage=storage, count=count):
                    cluster = self.cluster(storage, count)
                    self.fill(cluster)
                    self.snapshot(cluster, 1)
                    self.fill(cluster)
                    cluster.end(1, signal.SIGKILL)
                    folder = cluster.data(1)
                    for log in folder.glob(pattern):
                        log.unlink()
                    why = r"the log is missing, though there is the snapshot up to entry \d+"
                    self.assertRegex(self.verify(folder), rf"{folder}: {why}\n")
                    self.refused(cluster, 1, why)
                    self.assertIn("this node never comes back; add a node with a new id", self.verify(folder))

    def test_a_log_that_is_older_than_its_snapshot(self):
        cluster = self.cluster("segments", 3)
        self.fill(cluster)
        leader = cluster.leader()
        node = leader % 3 + 1
        cluster.end(node, signal.SIGKILL)
        old = pathlib.Path(cluster.folder.name, "old")
        shutil.copytree(cluster.data(node), old)
        cluster.start(node)
        cluster.end(leader, signal.SIGKILL)  # A term passes.
        self.fill(cluster)
        self.snapshot(cluster, node)
        cluster.end(node, signal.SIGKILL)
        for log in cluster.data(node).glob("*.journal"):
            log.unlink()
        for log in old.glob("*.journal"):
            shutil.copy(log, cluster.data(node))
        why = r"the end of the log is missing: it ends in term \d+, and the snapshot up to entry \d+ is of term \d+"
        self.assertRegex(self.verify(cluster.data(node), node), why)
        self.refused(cluster, node, why)

    def test_a_snapshot_that_is_gone_though_the_log_begins_behind_it(self):
        cluster = self.cluster("segments", 3, "--segment-mb", "1", "--snapshot-keep-entries", "1")
        self.fill(cluster, 100_000)
        self.snapshot(cluster, 1)
        until(lambda: len(list(cluster.data(1).glob("*.journal"))) <= 2)
        cluster.end(1, signal.SIGKILL)
        for snapshot in cluster.data(1).glob("*.snapshot"):
            snapshot.unlink()
        why = r"entries up to \d+ are missing: no good snapshot holds them"
        said = self.verify(cluster.data(1))
        self.assertRegex(said, why)
        self.assertRegex(said, "until a leader has sent them again, this node neither votes nor leads")
        cluster.start(1)
        until(lambda: cluster.info(1)["damaged"] == "0")
        self.assertRegex(cluster.log(1), f'damage what="{why}"')


if __name__ == "__main__":
    unittest.main()
