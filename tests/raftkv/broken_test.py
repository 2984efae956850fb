#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each server that is wrong on purpose is wrong in its way, and right without the switch."""
import signal
import sys
import unittest

from cluster import Cluster, ReplyError, until

PROGRAM = sys.argv.pop(1)
QUICK = ("--request-timeout-ms", "700")


class Broken(unittest.TestCase):
    def alone(self, *switch: str) -> Cluster:
        """A leader whose followers are stopped, x=1."""
        cluster = Cluster(PROGRAM, options=(*QUICK, *switch))
        cluster.__enter__()
        self.addCleanup(cluster.__exit__)
        self.leader = cluster.leader()
        self.client = cluster.client(self.leader)
        self.addCleanup(self.client.close)
        self.assertEqual(self.client.call("SET", "x", "1"), "OK")
        for node in cluster.ids:
            if node != self.leader:
                cluster.processes[node].send_signal(signal.SIGSTOP)
        return cluster

    def test_stale_read_answers_from_memory_when_it_was_deposed(self):
        cluster = self.alone("--broken", "stale-read")
        until(lambda: cluster.info(self.leader)["role"] != "leader")
        self.assertEqual(self.client.call("GET", "x"), "1")

    def test_early_ack_acknowledges_what_it_alone_has(self):
        self.alone("--broken", "early-ack")
        self.assertEqual(self.client.call("SET", "x", "2"), "OK")

    def test_the_twin_does_neither(self):
        self.alone()
        with self.assertRaises(ReplyError):
            self.client.call("SET", "x", "2")
        with self.assertRaises(ReplyError):
            self.client.call("GET", "x")

    def test_lost_tail_forgets_the_last_batch_and_the_twin_does_not(self):
        for switch, expected in ((("--broken", "lost-tail"), None), ((), "2")):
            with Cluster(PROGRAM, count=1, options=switch) as cluster:
                client = cluster.client(1)
                client.call("SET", "first", "1")
                client.call("SET", "second", "2")
                client.close()
                cluster.end(1, signal.SIGKILL)
                cluster.start(1)
                client = cluster.client(1)
                self.assertEqual(client.call("GET", "first"), "1")
                self.assertEqual(client.call("GET", "second"), expected)
                client.close()


if __name__ == "__main__":
    unittest.main()
