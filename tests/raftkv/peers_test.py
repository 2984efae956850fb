#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Peers that are not what they say: a second process with a member's id, one that speaks another version, one that is
gone without a word, any bytes at all. Each is refused with a clear sentence, and the cluster serves on. In a network
namespace of our own, where connections may vanish."""
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest
import urllib.request

from cluster import Client, Cluster, ReplyError, free_ports, until
from peer import HELLO, Frame, Peer, hello_body, read_frame

if "PEERS_INSIDE" not in os.environ:
    os.environ["PEERS_INSIDE"] = "1"
    os.execvp("unshare", ["unshare", "--user", "--map-root-user", "--net", "--mount", sys.executable, *sys.argv])
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)

PROGRAM = sys.argv.pop(1)
SECOND = "this is a second process with its id"
QUICK = ("--request-timeout-ms", "700")


class Http(Cluster):
    """Each node has its figures at a port of its own."""

    def __init__(self, options: tuple[str, ...] = ()):
        super().__init__(PROGRAM, options=(*QUICK, *options))
        self.http_ports = dict(zip(self.ids, free_ports(3)))

    def command(self, node: int) -> list[str]:
        return [*super().command(node), "--http", f"127.0.0.1:{self.http_ports[node]}"]

    def figure(self, node: int, name: str) -> int:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http_ports[node]}/metrics", timeout=10) as response:
            lines = response.read().decode().splitlines()
        return next(int(line.split()[-1]) for line in lines if line.startswith(name + " "))

    def connected(self, node: int, peer: int) -> bool:
        return self.figure(node, f'raftkv_peer_connected{{peer="{peer}"}}') == 1

    def all_connected(self) -> bool:
        return all(self.connected(node, peer) for node in self.processes for peer in self.ids if peer != node)


class Second:
    """A second process with the id of a node, at other addresses, on a copy of its data."""

    def __init__(self, cluster: Cluster, node: int):
        self.folder = cluster.data(node).with_name("copy")
        shutil.copytree(cluster.data(node), self.folder)
        self.port, peer_port, http = free_ports(3)
        command = cluster.command(node)
        for option, value in (("--listen", f"127.0.0.1:{self.port}"), ("--data", str(self.folder)),
                              ("--http", f"127.0.0.1:{http}")):
            command[command.index(option) + 1] = value
        place = command.index("--peers") + 1
        command[place] = command[place].replace(str(cluster.peer_ports[node]), str(peer_port))
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.process.stdout.readline()

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class Doubles(unittest.TestCase):
    def write(self, cluster: Cluster, node: int, key: str) -> None:
        client = cluster.client(node)
        self.addCleanup(client.close)
        self.assertEqual(client.call("SET", key, "1"), "OK")

    def refused(self, cluster: Http, by: int, node: int) -> int:
        return cluster.figure(by, f'raftkv_peer_refused_total{{peer="{node}"}}')

    def second_of(self, *options: str) -> None:
        with Http(options) as cluster:
            leader = cluster.leader()
            victim = leader % 3 + 1
            until(cluster.all_connected)
            self.write(cluster, victim, "before")
            others = [node for node in cluster.ids if node != victim]
            second = Second(cluster, victim)
            self.addCleanup(second.end)
            for node in others:
                until(lambda node=node: self.refused(cluster, node, victim) >= 3)
                lines = [line for line in cluster.log(node).splitlines() if SECOND in line]
                self.assertEqual(len(lines), 1, cluster.log(node))
                self.assertIn(f"node {victim} runs at 127.0.0.1:{cluster.peer_ports[victim]}", lines[0])
            # The member works on, and the other does not.
            term = cluster.info(leader)["term"]
            self.write(cluster, victim, "meanwhile")
            client = Client(second.port)
            self.addCleanup(client.close)
            with self.assertRaises(ReplyError) as caught:
                client.call("SET", "x", "1")
            self.assertEqual(caught.exception.word, "NOTDONE")
            self.assertTrue(cluster.all_connected())
            self.assertEqual(cluster.info(leader)["term"], term)
            # The member may start again while the other one is there.
            cluster.end(victim, signal.SIGKILL)
            cluster.start(victim)
            until(cluster.all_connected)
            self.write(cluster, victim, "after")

    def test_a_second_process_with_the_id_of_a_member_is_refused_and_the_member_works_on(self):
        self.second_of()

    def test_over_datagrams_too(self):
        self.second_of("--transport", "udp")

    def test_one_that_was_there_first_is_refused_when_the_member_comes(self):
        with Http() as cluster:
            leader = cluster.leader()
            victim = leader % 3 + 1
            self.write(cluster, victim, "before")
            cluster.end(victim, signal.SIGKILL)
            second = Second(cluster, victim)
            self.addCleanup(second.end)
            until(lambda: cluster.figure(leader, f'raftkv_peer_messages_received_total{{peer="{victim}"}}') > 0)
            cluster.start(victim)
            until(cluster.all_connected)
            until(lambda: SECOND in cluster.log(leader))
            self.write(cluster, victim, "after")
            self.assertEqual(cluster.info(leader)["leader"], str(leader))

    def test_a_member_that_starts_again_is_let_in_at_once(self):
        with Http() as cluster:
            victim = cluster.leader() % 3 + 1
            until(cluster.all_connected)
            for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGKILL):
                cluster.end(victim, number)
                cluster.start(victim)
                until(cluster.all_connected)
                self.write(cluster, victim, "x")
            for node in cluster.ids:
                self.assertNotIn(SECOND, cluster.log(node))


class Half(Http):
    """Nodes 1 and 2 of three."""

    def __enter__(self):
        self.ids = (1, 2)
        super().__enter__()
        self.ids = (1, 2, 3)
        return self


class Others(unittest.TestCase):
    def test_a_member_whose_machine_vanished_is_let_in_when_it_is_back(self):
        """Nobody told the others that its connections are gone, and followers have nothing to say to each other."""
        with Half() as cluster:
            cluster.leader()
            lost = Peer(3, cluster.peer_ports[3])
            self.addCleanup(lost.stop_listening)
            until(lambda: len(lost.connections) == 2 and all(cluster.connected(node, 3) for node in (1, 2)))
            lost.vanish()
            cluster.start(3)
            until(cluster.all_connected)

    def test_an_older_version_of_the_protocol_is_refused_with_both_numbers(self):
        with Half() as cluster:
            cluster.leader()
            for version in (1, 3, 255):
                stranger = socket.create_connection(("127.0.0.1", cluster.peer_ports[1]), 10)
                self.addCleanup(stranger.close)
                stranger.sendall(Frame(HELLO, 3, 1, 0, 31, version=version, body=hello_body(version)).encode())
                self.assertIsNone(read_frame(stranger), "it answered")
            until(lambda: "peer-refused" in cluster.log(1))
            self.assertIn("version 1 of the protocol, this program speaks 2 at byte 8", cluster.log(1))
            self.serves(cluster)

    def test_one_that_answers_in_another_version_is_not_spoken_to(self):
        def greet(theirs: Frame) -> Frame:
            return Frame(HELLO, 3, theirs.sender, theirs.cluster, 31, theirs.sender_life, hello_body(3), version=3)
        with Half() as cluster:
            newer = Peer(3, cluster.peer_ports[3], greet=greet)
            self.addCleanup(newer.close)
            cluster.leader()
            for node in (1, 2):
                until(lambda node=node: "version 3 of the protocol, this program speaks 2" in cluster.log(node))
                self.assertFalse(cluster.connected(node, 3))
            self.assertEqual(newer.heard, [])
            self.serves(cluster)

    def test_one_that_speaks_a_newer_version_too_is_spoken_to_in_ours(self):
        def greet(theirs: Frame) -> Frame:
            return Frame(HELLO, 3, theirs.sender, theirs.cluster, 31, theirs.sender_life, hello_body(9))
        with Half() as cluster:
            newer = Peer(3, cluster.peer_ports[3], greet=greet)
            self.addCleanup(newer.close)
            cluster.leader()
            until(lambda: all(cluster.connected(node, 3) for node in (1, 2)))
            until(lambda: newer.heard)
            self.assertEqual({frame.version for frame in newer.heard}, {2})
            self.serves(cluster)

    def test_a_datagram_of_another_version_is_refused(self):
        with Cluster(PROGRAM, options=("--transport", "udp")) as cluster:
            cluster.leader()
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
                datagram = Frame(HELLO, 3, 1, 0, 31, version=3, body=hello_body(3)).encode()
                stranger.sendto(datagram, ("127.0.0.1", cluster.peer_ports[1]))
            until(lambda: "version 3 of the protocol, this program speaks 2" in cluster.log(1))
            self.serves(cluster)

    def test_any_bytes_at_any_port_do_no_harm(self):
        draw = random.Random(7)
        with Http() as cluster:
            cluster.leader()
            for port in (cluster.peer_ports[1], cluster.client_ports[1], cluster.http_ports[1]):
                for _ in range(30):
                    with socket.create_connection(("127.0.0.1", port), 10) as stranger:
                        try:
                            stranger.sendall(draw.randbytes(draw.choice((1, 50, 5000, 500_000))))
                        except ConnectionError:
                            pass  # It has seen enough.
            self.serves(cluster)
            self.assertIsNone(cluster.processes[1].poll())

    def serves(self, cluster: Cluster) -> None:
        for node in cluster.processes:
            client = cluster.client(node)
            self.assertEqual(client.call("SET", "x", "1"), "OK")
            client.close()


class Named(Half):
    """Node 3 is known by a name to the others."""

    def command(self, node: int) -> list[str]:
        command = super().command(node)
        place = command.index("--peers") + 1
        if node != 3:
            command[place] = command[place].replace("3=127.0.0.1:", "3=n3.invalid:")
        return command


class Names(unittest.TestCase):
    def setUp(self):
        self.hosts = tempfile.NamedTemporaryFile("w")
        self.addCleanup(self.hosts.close)
        subprocess.run(["mount", "--bind", self.hosts.name, "/etc/hosts"], check=True)
        self.addCleanup(subprocess.run, ["umount", "/etc/hosts"], check=True)

    def one_that_is_not_found(self, *options: str) -> None:
        with Named(options) as cluster:
            leader = cluster.leader()  # They start, and do without it.
            for node in (1, 2):
                said = f"peer-not-found peer=3 to=\"n3.invalid:{cluster.peer_ports[3]}\" reason=\"cannot find the address of"
                until(lambda node=node, said=said: said in cluster.log(node))
            client = cluster.client(leader)
            self.addCleanup(client.close)
            self.assertEqual(client.call("SET", "x", "1"), "OK")
            self.assertEqual(client.call("RAFT", "ADD", "4", "n4.invalid:7001"), "OK")
            until(lambda: "peer-not-found peer=4 to=\"n4.invalid:7001\"" in cluster.log(leader))
            self.assertEqual(client.call("RAFT", "REMOVE", "4"), "OK")
            cluster.start(3)
            self.hosts.write("127.0.0.1 n3.invalid\n")
            self.hosts.flush()
            until(cluster.all_connected)
            for node in (1, 2):
                self.assertEqual(cluster.log(node).count("peer-not-found peer=3"), 1)

    def test_that_are_not_found_are_said_once_and_looked_for(self):
        self.one_that_is_not_found()

    def test_over_datagrams_too(self):
        self.one_that_is_not_found("--transport", "udp")


if __name__ == "__main__":
    unittest.main()
