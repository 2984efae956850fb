#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Nodes that speak TLS to each other: what they say cannot be read, and strangers are refused."""
import pathlib
import socket
import ssl
import subprocess
import sys
import tempfile
import unittest

from certificates import Authority
from cluster import free_ports, until
from relay import RelayedCluster

PROGRAM = sys.argv.pop(1)
MARKER = "a-value-that-nobody-else-may-read"


def write_through(cluster: RelayedCluster, *nodes: int) -> None:
    cluster.leader()
    for node in nodes:  # Those that do not lead forward.
        client = cluster.client(node)
        client.call("SET", f"key-{node}", MARKER)
        assert client.call("GET", f"key-{node}") == MARKER
        client.close()


class Tls(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="raftkv-tls-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.authority = Authority(self.folder / "ca")

    def cluster(self) -> RelayedCluster:
        return RelayedCluster(PROGRAM, lambda node: self.authority.options(f"n{node}", f"DNS:raftkv-node-{node}"))

    def test_a_relay_between_the_nodes_reads_nothing(self):
        with self.cluster() as cluster:
            write_through(cluster, 1, 2, 3)
            self.assertGreater(len(cluster.seen()), 5000)
            self.assertNotIn(MARKER.encode(), cluster.seen())

    def test_the_same_relay_reads_all_without_tls(self):
        with RelayedCluster(PROGRAM) as cluster:
            write_through(cluster, 1, 2, 3)
            until(lambda: MARKER.encode() in cluster.seen())

    def refused(self, options: list[str]) -> str:
        """What node 1 logs of a node 3 that runs with these options instead of its own."""
        with self.cluster() as cluster:
            cluster.end(3, 9)
            command = cluster.command(3)[:-len(cluster.own[3])] + options
            with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as stranger:
                try:
                    until(lambda: "peer-refused" in cluster.log(1))
                    write_through(cluster, 1, 2)  # The others do without it.
                finally:
                    stranger.kill()
            return next(line for line in cluster.log(1).splitlines() if "peer-refused" in line)

    def test_a_node_without_tls_is_refused(self):
        self.assertIn("TLS: ", self.refused([]))

    def test_a_node_with_a_certificate_of_another_authority_is_refused(self):
        other = Authority(self.folder / "other")
        self.assertIn("TLS: ", self.refused(other.options("n3", "DNS:raftkv-node-3")))

    def test_a_node_with_the_certificate_of_another_node_is_refused(self):
        options = self.authority.options("stolen", "DNS:raftkv-node-2")
        self.assertIn("its certificate is neither for raftkv-node-3 nor for 127.0.0.1", self.refused(options))

    def test_a_client_without_a_certificate_is_refused(self):
        with self.cluster() as cluster:
            context = ssl.create_default_context(cafile=self.authority.file)
            context.check_hostname = False
            with socket.create_connection(("127.0.0.1", cluster.peer_ports[1])) as plain:
                with self.assertRaises(OSError), context.wrap_socket(plain) as wrapped:
                    wrapped.recv(1)
            until(lambda: "peer did not return a certificate" in cluster.log(1))

    def test_a_certificate_that_cannot_be_read_is_an_error_at_the_start(self):
        port = free_ports(1)[0]
        result = subprocess.run([PROGRAM, "serve", "--id", "1", "--peers", f"1=127.0.0.1:{port}", "--listen",
                                 "127.0.0.1:0", "--data", str(self.folder / "data"), "--tls-cert", "/none",
                                 "--tls-key", "/none", "--tls-ca", "/none"], capture_output=True, text=True)
        self.assertEqual(result.returncode, 3)
        self.assertIn("cannot use the certificate in /none: No such file or directory\n", result.stderr)


if __name__ == "__main__":
    unittest.main()
