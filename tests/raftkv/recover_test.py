#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""raftkv recover: two of three nodes are lost, the third begins a new cluster, two new ones join; an old one is refused."""
import signal
import subprocess
import sys
import unittest

from cluster import Cluster, free_ports, until

PROGRAM = sys.argv.pop(1)
KEYS = {f"key{number}": f"value{number}" * number for number in range(50)}
SURVIVOR = 3


class Rebuilt(Cluster):
    """Node 3, and then 4 and 5, of the new cluster."""

    def __init__(self, old: Cluster, folder: str, options: tuple[str, ...]):
        super().__init__(PROGRAM, count=0, options=options)
        self.ids = (SURVIVOR, 4, 5)
        ports = free_ports(5)
        self.client_ports = dict(zip(self.ids, ports))
        self.peer_ports = {SURVIVOR: old.peer_ports[SURVIVOR], 4: ports[3], 5: ports[4]}
        self.first = folder

    def data(self, node: int):
        return self.first if node == SURVIVOR else super().data(node)

    def command(self, node: int) -> list[str]:
        known = {id: port for id, port in self.peer_ports.items() if id <= node}
        words = super().command(node)
        words[words.index("--peers") + 1] = ",".join(f"{id}=127.0.0.1:{port}" for id, port in known.items())
        return [*words, "--cluster", "second", "--join", "no" if node == SURVIVOR else "yes"]

    def add(self, node: int) -> None:
        self.start(node)
        client = self.client(self.leader())
        client.call("RAFT", "ADD", str(node), f"127.0.0.1:{self.peer_ports[node]}")
        until(lambda: self.promoted(client, node))
        client.close()

    @staticmethod
    def promoted(client, node: int) -> bool:
        try:
            return client.call("RAFT", "PROMOTE", str(node)) == "OK"
        except Exception:  # It has not caught up.
            return False


class Recover(unittest.TestCase):
    def raftkv(self, *words: str) -> subprocess.CompletedProcess:
        return subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=30)

    def recover(self, old: Cluster, *words: str) -> subprocess.CompletedProcess:
        return self.raftkv("recover", str(old.data(SURVIVOR)), "--id", str(SURVIVOR), "--into", self.into,
                           "--new-cluster", "second", "--address",
                           f"127.0.0.1:{old.peer_ports[SURVIVOR]}", *words)

    def fill(self, old: Cluster) -> str:
        """A number that only a session table kept over all of this can answer again."""
        client = old.client(SURVIVOR)
        for key, value in KEYS.items():
            client.call("SET", key, value)
        session = str(client.call("SESSION", "OPEN"))
        self.assertEqual(client.call("SESSION", "RUN", session, "1", "1", "INCR", "n"), 1)
        client.close()
        until(lambda: old.info(SURVIVOR)["applied"] == old.info(old.leader())["last_index"])
        return session

    def check(self, storage: str) -> None:
        options = ("--storage", storage)
        with Cluster(PROGRAM, options=options) as old:
            old.leader()
            session = self.fill(old)
            self.into = old.folder.name + "/second"
            running = self.recover(old, "--i-accept-losing-writes")
            self.assertEqual(running.returncode, 3)
            self.assertIn("is in use by a process", running.stderr)
            for node in list(old.processes):
                old.end(node, signal.SIGKILL)
            self.refuses(old)
            done = self.recover(old, "--i-accept-losing-writes")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("is LOST, also if it was acknowledged", done.stdout)
            again = self.recover(old, "--i-accept-losing-writes")
            self.assertEqual(again.returncode, 3)
            self.assertIn("expected a new or an empty directory", again.stderr)
            self.goes_on(old, Rebuilt(old, self.into, options), session)

    def refuses(self, old: Cluster) -> None:
        timid = self.recover(old)
        self.assertEqual(timid.returncode, 1, timid.stderr)
        self.assertIn("--i-accept-losing-writes", timid.stderr)
        self.assertIn("is LOST, also if it was acknowledged", timid.stdout)
        same = self.recover(old, "--cluster", "second", "--i-accept-losing-writes")
        self.assertEqual(same.returncode, 3)
        self.assertIn("expected another name than second", same.stderr)

    def goes_on(self, old: Cluster, new: Rebuilt, session: str) -> None:
        with_folder = Cluster.__enter__
        new.ids = ()
        with_folder(new)  # Its folder; no node yet.
        new.ids = (SURVIVOR, 4, 5)
        self.addCleanup(new.__exit__)
        for node in (SURVIVOR,):
            new.start(node)
        new.leader()
        self.has_all(new, SURVIVOR, session)
        new.add(4)
        new.add(5)
        new.end(SURVIVOR, signal.SIGTERM)
        for node in (4, 5):
            self.has_all(new, node, session)
        new.start(SURVIVOR)
        self.old_node_is_refused(old, new)

    def has_all(self, new: Rebuilt, node: int, session: str) -> None:
        new.leader()
        client = new.client(node)
        self.assertEqual(client.call("MGET", *KEYS), list(KEYS.values()))
        self.assertEqual(client.call("SESSION", "RUN", session, "1", "1", "INCR", "n"), 1)  # Done before.
        client.close()

    def old_node_is_refused(self, old: Cluster, new: Rebuilt) -> None:
        voters = new.info(SURVIVOR)["voters"]
        old.start(1)  # As if nothing had happened, with its log.
        until(lambda: "one from before a recovery" in new.log(SURVIVOR))
        self.assertEqual(new.info(SURVIVOR)["voters"], voters)
        self.assertEqual(old.info(1)["leader"], "0")
        old.end(1, signal.SIGKILL)
        # As one of the new cluster, with its old log.
        words = [*old.command(1), "--cluster", "second"]
        refused = subprocess.run(words, capture_output=True, text=True, timeout=30)
        self.assertEqual(refused.returncode, 3)
        self.assertRegex(refused.stderr, r": belongs to a cluster of another name than 'second'\n\Z")

    def test_a_cluster_in_segments_goes_on_from_one_node(self):
        self.check("segments")

    def test_a_cluster_in_mapped_files_goes_on_from_one_node(self):
        self.check("mapped")

    def test_a_damaged_survivor_needs_another_word(self):
        with Cluster(PROGRAM, count=1) as old:
            client = old.client(1)
            for key, value in KEYS.items():
                client.call("SET", key, value)
            client.close()
            old.end(1, signal.SIGTERM)
            journal = next(old.data(1).glob("*.journal"))
            damaged = bytearray(journal.read_bytes())
            damaged[8 * 1024] ^= 1
            journal.write_bytes(damaged)
            words = ("recover", str(old.data(1)), "--id", "1", "--into", old.folder.name + "/new", "--new-cluster",
                     "second", "--address", "127.0.0.1:1", "--i-accept-losing-writes")
            refused = self.raftkv(*words)
            self.assertEqual(refused.returncode, 1)
            self.assertIn("is damaged", refused.stderr)
            self.assertEqual(self.raftkv(*words, "--i-accept-damage").returncode, 0)
            verified = self.raftkv("verify", old.folder.name + "/new", "--id", "1", "--cluster", "second")
            self.assertTrue(verified.stdout.endswith(": good\n"), verified.stdout)


if __name__ == "__main__":
    unittest.main()
