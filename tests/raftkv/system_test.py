#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""raftkv as users run it: three processes, the real redis-cli and redis-benchmark, kill -9."""
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

from cluster import Client, Cluster, ReplyError, free_ports, until

PROGRAM = sys.argv.pop(1)


class Writer(threading.Thread):
    """Writes new keys through one node until told to stop, and remembers what became of each."""

    def __init__(self, cluster: Cluster, node: int):
        super().__init__(daemon=True)
        self.cluster, self.node, self.stopping = cluster, node, False
        self.done: list[str] = []
        self.not_done: list[str] = []
        self.unknown: list[str] = []

    def run(self) -> None:
        client = self.cluster.client(self.node)
        number = 0
        while not self.stopping:
            number += 1
            key = f"load:{self.node}:{number}"
            try:
                client.call("SET", key, key)
                self.done.append(key)
            except ReplyError as error:
                {"UNKNOWN": self.unknown, "NOTDONE": self.not_done}[error.word].append(key)
            except OSError:  # It was killed.
                self.unknown.append(key)
                break
        client.close()


class Crash(unittest.TestCase):
    def test_kill_of_the_leader_under_load_loses_no_acknowledged_write(self):
        with Cluster(PROGRAM) as cluster:
            leader = cluster.leader()
            writers = [Writer(cluster, node) for node in cluster.ids]
            survivors = [writer for writer in writers if writer.node != leader]
            for writer in writers:
                writer.start()
            until(lambda: all(len(writer.done) > 200 for writer in writers))
            cluster.end(leader, signal.SIGKILL)
            before = [len(writer.done) for writer in survivors]
            until(lambda: all(len(writer.done) > count + 200 for writer, count in zip(survivors, before)))
            cluster.start(leader)
            for writer in writers:
                writer.stopping = True
            for writer in writers:
                writer.join(timeout=10)
            for node in cluster.ids:
                self.read_back(cluster, node, writers)

    def read_back(self, cluster: Cluster, node: int, writers: list[Writer]) -> None:
        client = cluster.client(node)
        for writer in writers:
            for begin in range(0, len(writer.done), 500):
                keys = writer.done[begin:begin + 500]
                self.assertEqual(client.call("MGET", *keys), keys, f"through node {node}")
            for key in writer.not_done:
                self.assertIsNone(client.call("GET", key), f"through node {node}")
        client.close()

    def test_everything_is_there_after_all_were_killed_at_once(self):
        with Cluster(PROGRAM) as cluster:
            client = cluster.client(1)
            for number in range(100):
                client.call("INCR", "count")
            client.close()
            for node in cluster.ids:
                cluster.end(node, signal.SIGKILL)
            for node in cluster.ids:
                cluster.start(node)
            for node in cluster.ids:
                client = cluster.client(node)
                self.assertEqual(client.call("GET", "count"), "100")
                client.close()


class Commands(unittest.TestCase):
    def setUp(self):
        self.cluster = Cluster(PROGRAM)
        self.cluster.__enter__()
        self.addCleanup(self.cluster.__exit__)
        self.leader = self.cluster.leader()

    def cli(self, node: int, *words: str, stdin: str = "") -> str:
        port = str(self.cluster.client_ports[node])
        return subprocess.run(["redis-cli", "-p", port, *words], input=stdin, text=True, check=True,
                              capture_output=True, timeout=20).stdout

    def test_every_node_answers_what_was_written_through_another(self):
        for node in self.cluster.ids:
            self.assertEqual(self.cli(node, "SET", f"key{node}", f"value{node}"), "OK\n")
        for node in self.cluster.ids:
            for other in self.cluster.ids:
                self.assertEqual(self.cli(node, "GET", f"key{other}"), f"value{other}\n")
            self.assertEqual(self.cli(node, "-3", "MGET", "key1", "nobody"), "value1\n\n")
            self.assertEqual(self.cli(node, "SET", "key1", "new", "IFEQ", "other", "GET"), "value1\n")
            self.assertEqual(self.cli(node, stdin="PING\nCLIENT SETNAME me\nCLIENT GETNAME\n"), "PONG\nOK\nme\n")
            self.assertIn("readonly", self.cli(node, "COMMAND", "INFO", "get"))

    def test_pipelined_commands_take_effect_in_order_on_every_node(self):
        for node in self.cluster.ids:
            client = self.cluster.client(node)
            rounds = 300
            for number in range(rounds):
                client.send("SET", "order", str(number))
                client.send("GET", "order")
                client.send("INCR", "order")
                client.send("GET", "order")
            for number in range(rounds):
                replies = [client.receive() for _ in range(4)]
                self.assertEqual(replies, ["OK", str(number), number + 1, str(number + 1)])
            client.close()

    def test_redis_benchmark_runs_against_every_node_without_an_error(self):
        for node in self.cluster.ids:
            for pipeline in (1, 16):
                result = subprocess.run(
                    ["redis-benchmark", "-p", str(self.cluster.client_ports[node]), "-t", "ping,set,get,incr,mset",
                     "-n", "3000", "-c", "20", "-P", str(pipeline), "--csv"],
                    text=True, capture_output=True, timeout=60)
                output = result.stdout + result.stderr
                self.assertEqual(result.returncode, 0, output)
                self.assertIsNone(re.search("err|warn|fail", output, re.IGNORECASE), output)
                self.assertEqual(output.count('"SET"'), 1, output)

    def test_bad_requests_get_one_clear_error_each(self):
        client = self.cluster.client(self.leader)
        for words, expected in [
            (["SET", "x", "1", "EX", "10"], "ERR keys do not expire here"),
            (["SET", "x"], "ERR wrong number of arguments for 'set' command"),
            (["NOSUCH"], "ERR unknown command 'NOSUCH'"),
            (["SELECT", "1"], "ERR DB index is out of range"),
            (["HELLO", "4"], "NOPROTO unsupported protocol version"),
            (["MSET", "a", "1", "b"], "ERR wrong number of arguments"),
        ]:
            with self.assertRaises(ReplyError) as caught:
                client.call(*words)
            self.assertTrue(str(caught.exception).startswith(expected), caught.exception)
        client.socket.sendall(b"*1\r\n$-5\r\n")
        with self.assertRaises(ReplyError) as caught:
            client.receive()
        self.assertEqual(str(caught.exception), "ERR Protocol error: invalid bulk length")
        self.assertEqual(client.file.read(), b"")  # Closed.
        client.close()

    def test_without_a_majority_reads_and_writes_say_what_became_of_them(self):
        cluster = Cluster(PROGRAM, options=("--request-timeout-ms", "700"))
        with cluster:
            leader = cluster.leader()
            client = cluster.client(leader)
            client.call("SET", "x", "1")
            for node in cluster.ids:
                if node != leader:
                    cluster.end(node, signal.SIGKILL)
            with self.assertRaises(ReplyError) as caught:
                client.call("SET", "x", "2")
            self.assertEqual(caught.exception.word, "UNKNOWN")
            for words in (["GET", "x"], ["SET", "x", "3"]):
                with self.assertRaises(ReplyError) as caught:
                    client.call(*words)
                self.assertEqual(caught.exception.word, "NOTDONE")
            client.close()


class Process(unittest.TestCase):
    def run_program(self, *words: str) -> subprocess.CompletedProcess:
        return subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=20)

    def test_sigterm_is_exit_0_and_damage_is_exit_4(self):
        with Cluster(PROGRAM, count=1) as cluster:
            client = Client(cluster.client_ports[1])
            for number in range(50):
                client.call("SET", f"key{number}", "v" * 100)
            client.close()
            second = subprocess.run(cluster.command(1), capture_output=True, text=True, timeout=20)
            self.assertEqual(second.returncode, 3)
            self.assertIn("is in use by another process", second.stderr)
            self.assertEqual(cluster.end(1, signal.SIGTERM), 0)
            journal = next(cluster.data(1).glob("*.journal"))
            damaged = bytearray(journal.read_bytes())
            middle = len(damaged.rstrip(b"\0")) // 2 // 512 * 512
            damaged[middle + 80] ^= 1  # A record. Nobody could repair a lone node.
            journal.write_bytes(damaged)
            result = subprocess.run(cluster.command(1), capture_output=True, text=True, timeout=20)
            self.assertEqual(result.returncode, 4)
            self.assertRegex(result.stderr, rf"\Araftkv: .*{journal.name}.*\n\Z")

    def test_usage_errors_are_exit_3_with_one_sentence(self):
        for words in (["serve"], ["serve", "--id", "9", "--peers", "1=a:1", "--listen", "a:1", "--data", "d"],
                      ["serve", "--nosuch"], ["nosuch"], ["serve", "--config", "/nowhere"]):
            result = self.run_program(*words)
            self.assertEqual(result.returncode, 3, words)
            self.assertEqual(result.stderr.count("\n"), 1, result.stderr)

    def test_an_address_in_use_is_exit_3_and_begins_no_journal(self):
        with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as taken:
            used = "127.0.0.1:%d" % taken.getsockname()[1]
            free = "127.0.0.1:%d" % free_ports(1)[0]
            for peer, listen in ((free, used), (used, free)):
                data = pathlib.Path(folder, listen)
                result = self.run_program("serve", "--id", "1", "--peers", f"1={peer}", "--listen", listen,
                                          "--data", str(data))
                self.assertEqual(result.returncode, 3)
                self.assertIn(used, result.stderr)
                self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
                self.assertEqual([file.name for file in data.iterdir()], ["LOCK"])

    def test_a_node_of_another_cluster_is_refused_and_named_once(self):
        with Cluster(PROGRAM, count=2) as cluster:
            cluster.leader()
            cluster.end(2, signal.SIGTERM)
            stranger = [str(cluster.data(3)) if word == str(cluster.data(2)) else word
                        for word in cluster.command(2)] + ["--cluster", "other"]
            process = subprocess.Popen(stranger, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            try:
                process.stdout.readline()
                until(lambda: "peer-refused" in cluster.log(1))
                self.assertEqual(cluster.log(1).count("peer-refused"), 1)
                self.assertIn("for cluster", cluster.log(1))
            finally:
                process.kill()
                process.wait()
                process.stdout.close()


if __name__ == "__main__":
    unittest.main()
