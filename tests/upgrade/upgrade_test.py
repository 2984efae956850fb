#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""upgrade_test.py OLD NEW: a cluster of the raftkv OLD becomes one of NEW under load, node by node, and back in part.

The load counts in a session, each count once, and writes keys; what was acknowledged must be there at every stage,
through every node, of either build. Old and new lead in turn over followers of the other build, and snapshots go
from each to the other.
"""
import pathlib
import signal
import sys
import threading
import unittest

sys.path.append(str(pathlib.Path(__file__).parents[1] / "raftkv"))
from cluster import Client, Cluster, ReplyError, until  # noqa: E402

OLD = NEW = ""
KEEP = 5  # Entries behind a snapshot: whoever lacks more is sent the snapshot.


class Mixed(Cluster):
    """A cluster whose nodes are each of the old or the new build."""

    def __init__(self):
        self.programs = {node: OLD for node in (1, 2, 3)}
        super().__init__(OLD, options=("--snapshot-keep-entries", str(KEEP)))

    def command(self, node: int) -> list[str]:
        return [self.programs[node], *super().command(node)[1:]]

    def ask(self, node: int, *words: str):
        client = self.client(node)
        try:
            return client.call(*words)
        finally:
            client.close()

    def change(self, node: int, program: str) -> None:
        """Stops the node as an operator would, and starts it as the other build on the same data."""
        code = self.end(node, signal.SIGTERM)
        assert code == 0, f"node {node} ended with {code}: {self.log(node)}"
        self.programs[node] = program
        self.start(node)
        self.settle()

    def newest_snapshot(self, node: int) -> int:
        """The index of the last entry in it."""
        return max((int(path.stem.split("-")[0]) for path in self.data(node).glob("*.snapshot")), default=0)

    def settle(self) -> None:
        """All nodes follow one leader and have what is committed."""
        def settled():
            infos = [self.info(node) for node in self.ids]
            commit = max(int(info["commit"]) for info in infos)
            leaders = {info["leader"] for info in infos}
            return len(leaders) == 1 and leaders != {"0"} and until(
                lambda: all(int(self.info(node)["applied"]) >= commit for node in self.ids), 5)
        until(settled, 30)

    def lead(self, node: int) -> None:
        """Makes the node the leader."""
        def asked():
            if self.leader() == node:
                return True
            try:
                self.ask(self.leader(), "RAFT", "TRANSFER", str(node))
            except (OSError, ReplyError):
                pass  # It is tried again.
            return self.info(node)["role"] == "leader"
        until(asked, 30)
        self.settle()


class Load(threading.Thread):
    """Counts up in a session and writes keys, each until it is acknowledged, through any node."""

    def __init__(self, cluster: Mixed):
        super().__init__(daemon=True)
        self.cluster, self.stopping, self.counted, self.wrong = cluster, False, 0, []
        self.keys: dict[str, str] = {}

    def once(self, *words: str):
        for node in self.cluster.ids:
            try:
                client = Client(self.cluster.client_ports[node], timeout=3)
                try:
                    return client.call(*words)
                finally:
                    client.close()
            except (OSError, ReplyError):
                continue
        return None

    def run(self) -> None:
        session = until(lambda: self.once("SESSION", "OPEN"))
        while not self.stopping:
            sequence = str(self.counted + 1)
            value = until(lambda: self.once("SESSION", "RUN", str(session), sequence, sequence, "INCR", "n"), 60)
            if value != self.counted + 1:
                self.wrong.append((value, self.counted + 1))
            self.counted += 1
            key = f"key-{self.counted % 200}"
            until(lambda: self.once("SET", key, sequence), 60)
            self.keys[key] = sequence


class Upgrade(unittest.TestCase):
    def setUp(self):
        self.cluster = self.enterContext(Mixed())
        self.cluster.leader()
        self.load = Load(self.cluster)
        self.load.start()
        self.stage("all old")

    def tearDown(self):
        self.load.stopping = True
        self.load.join(timeout=60)

    def stage(self, name: str) -> None:
        """The load goes on by so much, and what it was told is true through every node."""
        before = self.load.counted
        until(lambda: self.load.counted >= before + 50, 60)
        for node in self.cluster.ids:
            known, keys = self.load.counted, dict(self.load.keys)
            self.assertGreaterEqual(int(self.cluster.ask(node, "GET", "n")), known, name)
            for key, value in list(keys.items())[:20]:
                self.assertGreaterEqual(int(self.cluster.ask(node, "GET", key)), int(value), f"{name}: {key}")
        self.assertEqual(self.load.wrong, [], name)
        builds = "".join("new " if self.cluster.programs[node] == NEW else "old " for node in self.cluster.ids)
        print(f"{name}: nodes {builds}leader {self.cluster.leader()}, {self.load.counted} counted", flush=True)

    def test_old_and_new_serve_together_and_one_replaces_the_other(self):
        cluster = self.cluster
        cluster.lead(2)
        cluster.change(1, NEW)
        self.stage("an old leader, a new follower")
        cluster.lead(1)
        self.stage("a new leader, old followers")
        self.catch_up_by_snapshot(3, "an old follower, from a new leader's snapshot")
        cluster.change(1, OLD)
        self.stage("back to the old build, on what the new one wrote")
        cluster.change(1, NEW)
        cluster.change(2, NEW)
        cluster.lead(3)
        self.stage("the last old one leads")
        self.catch_up_by_snapshot(1, "a new follower, from an old leader's snapshot")
        cluster.change(3, NEW)
        self.stage("all new")
        self.kill_all()
        self.stage("all new, after a power cut")
        self.load.stopping = True
        self.load.join(timeout=60)
        self.assertEqual(cluster.ask(1, "GET", "n"), str(self.load.counted))

    def catch_up_by_snapshot(self, node: int, name: str) -> None:
        """The node is away while more is written than the leader keeps."""
        leader = self.cluster.leader()
        has = int(self.cluster.info(node)["last_index"])
        self.cluster.end(node, signal.SIGKILL)
        before = self.load.counted
        until(lambda: self.load.counted >= before + 10 * KEEP, 60)
        self.assertEqual(self.cluster.ask(leader, "RAFT", "SNAPSHOT"), "OK")
        self.cluster.start(node)
        self.cluster.settle()
        self.assertGreater(self.cluster.newest_snapshot(node), has, f"{name}: it was not sent one")
        self.stage(name)

    def kill_all(self) -> None:
        for node in self.cluster.ids:
            self.cluster.end(node, signal.SIGKILL)
        for node in self.cluster.ids:
            self.cluster.start(node)
        self.cluster.settle()


if __name__ == "__main__":
    NEW, OLD = sys.argv.pop(), sys.argv.pop()
    unittest.main()
