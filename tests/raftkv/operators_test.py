#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The commands of an operator, when nodes hang or are gone."""
import json
import signal
import subprocess
import sys
import unittest

from cluster import Cluster, free_ports, until

PROGRAM = sys.argv.pop(1)


def raftkv(*words: str) -> subprocess.CompletedProcess:
    return subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=30)


class OneNodeHangs(unittest.TestCase):
    """A follower, which is named first: it takes connections, and never answers."""

    def setUp(self):
        self.cluster = Cluster(PROGRAM)
        self.cluster.__enter__()
        self.addCleanup(self.cluster.__exit__)
        self.leader = self.cluster.leader()
        self.hung, self.other = (node for node in self.cluster.ids if node != self.leader)
        self.cluster.processes[self.hung].send_signal(signal.SIGSTOP)
        order = (self.hung, self.other, self.leader)
        self.nodes = ",".join(f"127.0.0.1:{self.cluster.client_ports[node]}" for node in order)

    def ask(self, *words: str) -> subprocess.CompletedProcess:
        return raftkv(*words, "--nodes", self.nodes, "--timeout-ms", "2000")

    def test_status_has_the_others(self):
        result = self.ask("status", "--json")
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        status = json.loads(result.stdout)
        self.assertEqual(status["leader"], self.leader)
        self.assertIn("in time", status["nodes"][0]["error"])
        self.assertEqual([node["id"] for node in status["nodes"][1:]], [self.other, self.leader])

    def test_each_node_is_asked_why_it_does_not_lead(self):
        result = self.ask("why-not-leader")
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        said = result.stdout.splitlines()
        self.assertEqual(len(said), 3)
        self.assertIn("no answer from", said[0])

    def test_a_change_goes_to_the_leader(self):
        result = self.ask("transfer", str(self.other))
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        until(lambda: self.cluster.info(self.other)["role"] == "leader")

    def test_the_others_write_snapshots(self):
        client = self.cluster.client(self.leader)
        client.call("SET", "x", "1")
        client.close()
        result = self.ask("snapshot")
        self.assertEqual(result.returncode, 2, result.stdout + result.stderr)
        said = result.stdout.splitlines()
        self.assertIn("it is not known whether it is done: no answer from", said[0])
        for line in said[1:]:
            self.assertNotIn("not", line)

class NoNodeAnswers(unittest.TestCase):
    def test_is_exit_3_of_every_command(self):
        node = "127.0.0.1:%d" % free_ports(1)[0]
        for words in (("status",), ("why-not-leader",), ("snapshot",), ("transfer",), ("add", "4", "127.0.0.1:1"),
                      ("promote", "4"), ("remove", "4")):
            result = raftkv(*words, "--nodes", node, "--timeout-ms", "300")
            self.assertEqual(result.returncode, 3, words)
            self.assertRegex(result.stderr, r"\Araftkv: .*no node .*\n\Z")

    def test_a_hung_node_was_sent_no_change(self):
        with Cluster(PROGRAM, count=1) as cluster:
            cluster.leader()
            cluster.processes[1].send_signal(signal.SIGSTOP)
            result = raftkv("transfer", "--nodes", f"127.0.0.1:{cluster.client_ports[1]}", "--timeout-ms", "500")
            self.assertEqual(result.returncode, 3, result.stderr)
            self.assertIn("not done, no node answered", result.stderr)

    def test_nodes_of_which_none_leads_refuse_for_sure(self):
        with Cluster(PROGRAM) as cluster:
            follower = next(node for node in cluster.ids if node != cluster.leader())
            result = raftkv("transfer", "--nodes", f"127.0.0.1:{cluster.client_ports[follower]}", "--timeout-ms", "500")
            self.assertEqual(result.returncode, 1, result.stderr)
            self.assertIn("none of these nodes leads", result.stderr)


if __name__ == "__main__":
    unittest.main()
