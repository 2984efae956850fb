#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Nodes that send each other datagrams, on a network that loses, repeats, reorders and corrupts them."""
import signal
import subprocess
import sys
import unittest

from cluster import Cluster, ReplyError, free_ports, until
from relay import RelayedCluster

PROGRAM = sys.argv.pop(1)
UDP = ("--transport", "udp")


class Udp(unittest.TestCase):
    def write(self, cluster: Cluster, count: int, length: int = 100) -> dict[str, str]:
        """Writes through each node in turn, and says what was acknowledged."""
        written = {}
        clients = {node: cluster.client(node) for node in cluster.processes}
        for i in range(count):
            node = sorted(clients)[i % len(clients)]
            try:
                clients[node].call("SET", f"key-{i}", f"{i:0{length}}")
                written[f"key-{i}"] = f"{i:0{length}}"
            except ReplyError as error:  # Its leader was lost.
                self.assertIn(error.word, ("UNKNOWN", "NOTDONE"))
        for client in clients.values():
            client.close()
        return written

    def check(self, cluster: Cluster, written: dict[str, str]) -> None:
        for node in cluster.processes:
            client = cluster.client(node)
            for key, value in written.items():
                self.assertEqual(client.call("GET", key), value)
            client.close()

    def test_a_lossy_network_does_no_harm(self):
        with RelayedCluster(PROGRAM, options=UDP, loss=5) as cluster:
            cluster.leader()
            written = self.write(cluster, 200)
            self.assertGreater(len(written), 150)
            victim = cluster.leader()
            cluster.end(victim, signal.SIGKILL)
            written |= self.write(cluster, 100, 60)
            cluster.start(victim)
            self.check(cluster, written)
            until(lambda: cluster.info(victim)["commit"] == cluster.info(cluster.leader())["commit"])
            for relay in cluster.relays.values():
                self.assertGreater(relay.datagrams, 200)
                self.assertLessEqual(relay.longest, 512)

    def test_many_writes_at_once_go_in_several_datagrams(self):
        with RelayedCluster(PROGRAM, options=UDP) as cluster:
            client = cluster.client(cluster.leader())
            for i in range(500):
                client.send("SET", f"key-{i}", "v" * (i % 380))
            self.assertEqual({client.receive() for _ in range(500)}, {"OK"})
            client.close()
            self.check(cluster, {f"key-{i}": "v" * (i % 380) for i in range(0, 500, 7)})
            self.assertLessEqual(max(relay.longest for relay in cluster.relays.values()), 512)

    def test_a_snapshot_goes_in_many_datagrams(self):
        options = (*UDP, "--snapshot-log-mb", "1", "--snapshot-keep-entries", "10")
        with RelayedCluster(PROGRAM, options=options) as cluster:
            late = next(node for node in cluster.ids if node != cluster.leader())
            cluster.end(late, signal.SIGKILL)
            client = cluster.client(cluster.leader())
            for i in range(8000):
                client.send("SET", f"key-{i % 400}", f"{i:0300}")
                if i % 100 == 99:
                    self.assertEqual({client.receive() for _ in range(100)}, {"OK"})
            client.close()
            cluster.start(late)
            until(lambda: cluster.info(late)["commit"] == cluster.info(cluster.leader())["commit"])
            self.assertTrue(list(cluster.data(late).glob("*.snapshot")))
            self.check(cluster, {f"key-{i}": f"{7600 + i:0300}" for i in range(0, 400, 40)})
            self.assertLessEqual(max(relay.longest for relay in cluster.relays.values()), 512)

    def test_a_write_that_can_never_fit_is_refused_with_the_limit(self):
        with Cluster(PROGRAM, options=(*UDP, "--datagram-bytes", "1000")) as cluster:
            cluster.leader()
            for node in cluster.ids:
                client = cluster.client(node)
                with self.assertRaises(ReplyError) as refusal:
                    client.call("SET", "k", "x" * 1000)
                self.assertRegex(str(refusal.exception), "^ERR the command takes 10[0-9][0-9] bytes of the log, and "
                                                         "this cluster's transport can carry 899$")
                self.assertIsNone(client.call("GET", "k"))
                client.call("SET", "k", "x" * 800)
                self.assertEqual(client.call("DEL", "k"), 1)
                client.close()

    def test_a_configuration_that_can_never_fit_is_refused(self):
        with Cluster(PROGRAM, options=(*UDP, "--datagram-bytes", "300")) as cluster:
            client = cluster.client(cluster.leader())
            until(lambda: cluster.info(cluster.leader())["commit"] != "0")
            with self.assertRaises(ReplyError) as refusal:
                client.call("RAFT", "ADD", "4", "h" * 249 + ":1")
            self.assertEqual(str(refusal.exception), "NOTDONE it is too long for what the nodes talk over")
            self.assertEqual(client.call("SET", "k", "1"), "OK")  # And all goes on.
            client.close()

    def test_tls_and_datagrams_do_not_go_together(self):
        port = free_ports(1)[0]
        result = subprocess.run([PROGRAM, "serve", "--id", "1", "--peers", f"1=127.0.0.1:{port}", "--listen",
                                 "127.0.0.1:0", "--data", "unused", *UDP, "--tls-cert", "c", "--tls-key", "k",
                                 "--tls-ca", "a"], capture_output=True, text=True)
        self.assertEqual(result.returncode, 3)
        self.assertIn("udp cannot be encrypted", result.stderr)


if __name__ == "__main__":
    unittest.main()
