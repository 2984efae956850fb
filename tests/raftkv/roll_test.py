#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""raftkv-roll restarts a cluster under load: nothing that was acknowledged is lost, and it stops when it must."""
import pathlib
import signal
import subprocess
import sys
import threading
import unittest

from cluster import Cluster, ReplyError, free_ports, until

PROGRAM = sys.argv.pop(1)
sys.path.append(str(pathlib.Path(__file__).parents[2] / "packaging"))
import raftkv_roll  # noqa: E402


class Load(threading.Thread):
    """Counts up in a session, through whichever node answers: each INCR is sent until it is answered."""

    def __init__(self, cluster: Cluster):
        super().__init__(daemon=True)
        self.cluster, self.stopping, self.counted, self.wrong = cluster, False, 0, []

    def once(self, *words: str):
        for node in self.cluster.ids:
            try:
                client = self.cluster.client(node)
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
            value = until(lambda: self.once("SESSION", "RUN", str(session), sequence, sequence, "INCR", "n"))
            if value != self.counted + 1:
                self.wrong.append(value)
            self.counted += 1


class Roll(unittest.TestCase):
    def nodes(self, cluster: Cluster) -> str:
        return ",".join(f"127.0.0.1:{port}" for port in cluster.client_ports.values())

    def test_restarts_all_nodes_under_load_the_leader_last(self):
        with Cluster(PROGRAM) as cluster:
            first_leader = cluster.leader()
            load = Load(cluster)
            load.start()
            until(lambda: load.counted > 20)
            order = []

            def restart(node: dict) -> None:
                order.append(node["id"])
                self.assertEqual(cluster.end(node["id"], signal.SIGTERM), 0)
                cluster.start(node["id"])

            raftkv_roll.Roller(PROGRAM, self.nodes(cluster), 30).roll(restart)
            load.stopping = True
            load.join(timeout=30)
            self.assertEqual(sorted(order), [1, 2, 3])
            self.assertNotEqual(order[0], first_leader)
            self.assertEqual(load.wrong, [])
            client = cluster.client(1)
            self.assertEqual(client.call("GET", "n"), str(load.counted))
            client.close()

    def test_stops_before_it_takes_the_majority(self):
        with Cluster(PROGRAM) as cluster:
            leader = cluster.leader()
            down = next(node for node in cluster.ids if node != leader)
            cluster.end(down, signal.SIGKILL)
            restarted = []
            with self.assertRaisesRegex(raftkv_roll.NotReady, "does not answer"):
                raftkv_roll.Roller(PROGRAM, self.nodes(cluster), 1).roll(restarted.append)
            self.assertEqual(restarted, [])

    def roll(self, *words: str) -> subprocess.CompletedProcess:
        return subprocess.run([sys.executable, raftkv_roll.__file__, "--raftkv", PROGRAM, *words], capture_output=True,
                              text=True, timeout=90)

    def test_wrong_words_are_exit_3_at_once_with_the_reason(self):
        for words, reason in ((("--nodes", "foo", "--", "true"), "--nodes: 'foo' is not an address: expected HOST:PORT"),
                              (("--nodes", "a:1"), "the following arguments are required: command; see "
                                                   "raftkv-roll --help"),
                              (("--nodes", "a:1", "--patience", "x", "--", "true"), "argument --patience: .*")):
            result = self.roll(*words)
            self.assertEqual(result.returncode, 3, result.stderr)
            self.assertRegex(result.stderr, rf"\Araftkv-roll: {reason}\n\Z")

    def test_says_why_no_node_answers(self):
        node = f"127.0.0.1:{free_ports(1)[0]}"
        result = self.roll("--nodes", node, "--patience", "0.2", "--", "true")
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr, rf"stopped: no node gave its status: no connection to {node}: .*Connection refused\n\Z")

    def test_replaces_only_what_it_knows_in_the_command(self):
        node = {"node": "[::1]:6379", "id": 2}
        self.assertEqual(raftkv_roll.filled(["ssh", "{host}", "awk '{print $1}' {id} {} {node} {host}"], node),
                         ["ssh", "[::1]", "awk '{print $1}' 2 {} [::1]:6379 [::1]"])

    def test_a_program_that_is_not_there_is_one_sentence(self):
        for program, command, named in (("/nowhere/raftkv", "true", "/nowhere/raftkv"),
                                        (PROGRAM, "/nowhere/restart", "/nowhere/restart")):
            with Cluster(PROGRAM) as cluster:
                result = subprocess.run([sys.executable, raftkv_roll.__file__, "--raftkv", program, "--nodes",
                                         self.nodes(cluster), "--", command], capture_output=True, text=True,
                                        timeout=90)
            self.assertEqual(result.returncode, 1)
            self.assertRegex(result.stderr, rf"\Araftkv-roll: stopped: cannot run {named}: No such file .*\n\Z")


if __name__ == "__main__":
    unittest.main()
