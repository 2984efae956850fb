#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The commands of an operator, when nodes hang or are gone."""
import json
import signal
import socketserver
import subprocess
import sys
import threading
import time
import unittest

from cluster import Cluster, ReplyError, free_ports, until

PROGRAM = sys.argv.pop(1)


def raftkv(*words: str) -> subprocess.CompletedProcess:
    return subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=30)


def named(cluster: Cluster) -> tuple[str, str, str]:
    """One that follows, where it takes clients, and the third node."""
    leader = cluster.leader()
    follower, third = (node for node in cluster.ids if node != leader)
    until(lambda: cluster.info(follower)["leader"] == str(leader))
    return str(follower), f"127.0.0.1:{cluster.client_ports[follower]}", str(third)


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
            _, node, _ = named(cluster)
            result = raftkv("transfer", "--nodes", node, "--timeout-ms", "5000")
            self.assertEqual(result.returncode, 1, result.stderr)
            self.assertEqual(result.stderr, f"raftkv: not done: node {cluster.leader()} leads; name it in --nodes, too\n")


class OneFollowerIsNamed(unittest.TestCase):
    def test_it_says_who_leads_at_once_and_shows_the_members(self):
        with Cluster(PROGRAM) as cluster:
            follower, node, third = named(cluster)
            leader = cluster.leader()
            begin = time.monotonic()
            result = raftkv("transfer", third, "--nodes", node, "--timeout-ms", "20000")
            self.assertLess(time.monotonic() - begin, 10)
            self.assertEqual(result.returncode, 1)
            self.assertEqual(result.stderr, f"raftkv: not done: node {leader} leads; name it in --nodes, too\n")
            status = raftkv("status", "--nodes", node)
            self.assertEqual(status.returncode, 1)
            self.assertRegex(status.stdout, rf"None of these nodes leads.\n\nMembers, as node {follower} knows them, which "
                                            rf"follows node {leader} in term \d+:\nMEMBER ")
            for member, port in cluster.peer_ports.items():
                self.assertRegex(status.stdout, rf"(?m)^{member} +127.0.0.1:{port} +voter +(yes|itself) +- +-$")

    def test_the_leader_is_asked_where_the_follower_says_that_it_takes_clients(self):
        class Told(Cluster):
            def command(self, node: int) -> list[str]:
                clients = ",".join(f"{i}=127.0.0.1:{port}" for i, port in self.client_ports.items())
                return [*super().command(node), "--clients", clients]

        with Told(PROGRAM) as cluster:
            _, node, third = named(cluster)
            result = raftkv("transfer", third, "--nodes", node)
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
            until(lambda: cluster.info(int(third))["role"] == "leader")


class NobodyElse(unittest.TestCase):
    def test_a_node_says_who_would_vote_for_it(self):
        with Cluster(PROGRAM) as cluster:
            cluster.leader()
            for node in (2, 3):
                cluster.end(node, signal.SIGKILL)
            client = cluster.client(1)
            self.addCleanup(client.close)
            said = until(lambda: (why := client.call("RAFT", "WHY-NOT-LEADER")).startswith("It asks for") and why)
            self.assertRegex(said, r"\AIt asks for pre-votes in term \d+, and so far these said yes: 1\. 1 of 3 voters")


class Refusals(unittest.TestCase):
    def test_each_has_its_own_reason(self):
        long = "a" * 300 + ":7001"
        with Cluster(PROGRAM) as cluster:
            leader = cluster.leader()
            nodes = ",".join(f"127.0.0.1:{port}" for port in cluster.client_ports.values())
            client = cluster.client(leader)
            self.addCleanup(client.close)
            self.assertEqual(raftkv("add", "9", "127.0.0.1:1", "--nodes", nodes).returncode, 0)
            for words, reason in ((("transfer", "7"), "node 7 is no voter"), (("transfer", "9"), "node 9 is no voter"),
                                  (("transfer", str(leader)), f"node {leader} leads already"),
                                  (("promote", "7"), "node 7 is no learner"), (("remove", "7"), "node 7 is no member")):
                result = raftkv(*words, "--nodes", nodes)
                self.assertEqual(result.returncode, 1, words)
                self.assertEqual(result.stderr, f"raftkv: refused: {reason}\n")
            for address, reason in ((long, "an address has at most 255 bytes, and this one 305"),
                                    ("127.0.0.1:0", "'127.0.0.1:0' is no address that others can call"),
                                    ("a b:7001", "'a b:7001' is no address that others can call")):
                with self.assertRaises(ReplyError) as caught:
                    client.call("RAFT", "ADD", "8", address)
                self.assertEqual(str(caught.exception), f"ERR {reason}")

    def test_of_the_last_voter_that_it_must_stay(self):
        with Cluster(PROGRAM, count=1) as cluster:
            cluster.leader()
            result = raftkv("remove", "1", "--nodes", f"127.0.0.1:{cluster.client_ports[1]}")
            self.assertEqual(result.stderr, "raftkv: refused: that would be no cluster: at least one voter must stay\n")

    def test_wrong_words_are_usage_and_nobody_is_asked(self):
        number = "expected a number from 1 to 4294967295"
        for words, reason in ((("add", "x", "a:1"), f"raftkv: ID: 'x' is not a node: {number}"),
                              (("remove", "0"), f"raftkv: ID: '0' is not a node: {number}"),
                              (("promote", "4294967296"), f"raftkv: ID: '4294967296' is not a node: {number}"),
                              (("transfer", "foo"), f"raftkv: ID: 'foo' is not a node: {number}"),
                              (("remove", "-1"), f"raftkv: ID: '-1' is not a node: {number}"),
                              (("add", "4", "nohost"), "raftkv: 'nohost' is not an address: expected HOST:PORT"),
                              (("add", "4", "a:0"), "raftkv: 'a:0' is no address that others can call"),
                              (("add",), "raftkv add: ID is required: Which node"),
                              (("add", "4"), "raftkv add: HOST:PORT is required: Where it listens for the other nodes"),
                              (("status", "--timeout-ms", "x"),
                               "raftkv status: --timeout-ms: 'x' is not a whole number from 0 to 4294967295"),
                              (("serve", "--id", "x"), "raftkv serve: --id: 'x' is not a whole number from 0 to 4294967295"),
                              (("verify", "d", "--id"), "raftkv verify: --id: expected ID"),
                              (("recover", "d", "--id", "1", "--new-cluster", "n", "--into", "i", "--address", "a:0"),
                               "raftkv: --address: 'a:0' is no address that others can call")):
            result = raftkv(*words)
            self.assertEqual((result.returncode, result.stderr), (3, reason + "\n"))


class FakeLeader(socketserver.ThreadingTCPServer):
    """A node that leads, refuses for some time, and then takes a change without an answer."""
    allow_reuse_address = daemon_threads = True

    def __init__(self, refuses_s: float):
        super().__init__(("127.0.0.1", 0), FakeAnswers)
        self.id = 1
        self.refuses_s, self.first, self.hung, self.over = refuses_s, None, 0, threading.Event()
        self.asked = 0  # For its status.
        threading.Thread(target=self.serve_forever, daemon=True).start()


class FakeAnswers(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        while line := self.rfile.readline():
            words = [self.rfile.readline() and self.rfile.readline().strip() for _ in range(int(line[1:]))]
            if words[1] == b"STATUS":
                self.server.asked += 1
                self.wfile.write(b"*6\r\n$2\r\nid\r\n:%d\r\n$4\r\nrole\r\n$6\r\nleader\r\n$7\r\nmembers\r\n*0\r\n"
                                 % self.server.id)
                continue
            now = time.monotonic()
            self.server.first = self.server.first or now
            if now - self.server.first > self.server.refuses_s:
                self.server.hung += 1
                self.server.over.wait()
                return
            self.wfile.write(b"-NOTDONE the node lacks too much of the log\r\n")


class Stranger(unittest.TestCase):
    def test_another_clusters_leader_where_the_follower_says_is_sent_nothing(self):
        class Misled(Cluster):
            def command(self, node: int) -> list[str]:
                clients = ",".join(f"{i}=127.0.0.1:{fake.server_address[1]}" for i in self.ids)
                return [*super().command(node), "--clients", clients]

        with FakeLeader(refuses_s=60) as fake, Misled(PROGRAM) as cluster:
            _, node, third = named(cluster)
            for fake.id in (9, cluster.leader()):  # Another node; one of that number.
                fake.asked = 0
                result = raftkv("transfer", third, "--nodes", node, "--timeout-ms", "2000")
                self.assertGreater(fake.asked, 0)
                self.assertIsNone(fake.first)  # Nothing but its status was asked for.
                self.assertEqual(result.returncode, 1)
                self.assertRegex(result.stderr, r"\Araftkv: not done: none of these nodes leads")
            fake.shutdown()


class Late(unittest.TestCase):
    def test_a_change_that_was_refused_is_not_tried_with_little_time_left(self):
        with FakeLeader(refuses_s=3.8) as leader:
            result = raftkv("promote", "4", "--nodes", f"127.0.0.1:{leader.server_address[1]}", "--timeout-ms", "4000")
            leader.over.set()
            self.assertEqual(leader.hung, 0)
            self.assertEqual(result.stderr, "raftkv: not done: NOTDONE the node lacks too much of the log\n")
            self.assertEqual(result.returncode, 1)
            leader.shutdown()


if __name__ == "__main__":
    unittest.main()
