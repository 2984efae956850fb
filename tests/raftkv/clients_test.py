#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What clients of raftkv rely on, with real processes: libraries of others, scans, sessions."""
import json
import pathlib
import re
import signal
import socket
import subprocess
import sys
import unittest
import urllib.error
import urllib.request

from cluster import Cluster, ReplyError, free_ports, until

PROGRAM = sys.argv.pop(1)
DEBIAN_MODULES = "/usr/lib/python3/dist-packages"  # Where python3-redis is, whichever python this is.


class Running(unittest.TestCase):
    def setUp(self):
        self.cluster = Cluster(PROGRAM)
        self.cluster.__enter__()
        self.addCleanup(self.cluster.__exit__)
        self.leader = self.cluster.leader()

    def client(self, node: int):
        client = self.cluster.client(node)
        self.addCleanup(client.close)
        return client


class Libraries(Running):
    def test_redis_py_finds_what_it_needs(self):
        sys.path.append(DEBIAN_MODULES)
        import redis
        for node in self.cluster.ids:
            client = redis.Redis(port=self.cluster.client_ports[node], decode_responses=True)
            self.assertTrue(client.flushall())
            self.assertTrue(client.set("x", "1"))
            self.assertIsNone(client.set("x", "2", nx=True))
            self.assertEqual(client.set("x", "2", get=True), "1")
            self.assertEqual(client.incrby("x", 40), 42)
            self.assertTrue(client.mset({f"key{i}": i for i in range(100)}))
            self.assertFalse(client.msetnx({"key1": 1, "new": 2}))
            self.assertEqual(sorted(client.scan_iter(match="key*", count=7)), sorted(f"key{i}" for i in range(100)))
            self.assertEqual(client.mget("key1", "nobody"), ["1", None])
            self.assertEqual(client.getrange("x", 0, 0), "4")
            self.assertEqual(client.ttl("x"), -1)
            self.assertEqual(client.type("x"), "string")
            self.assertEqual(client.dbsize(), 101)
            with self.assertRaisesRegex(redis.ResponseError, "do not expire"):
                client.expire("x", 10)
            self.assertEqual(client.getdel("x"), "42")
            self.assertEqual(client.info("raft")["id"], node)
            pipe = client.pipeline(transaction=False)
            for i in range(100):
                pipe.incr("count")
            self.assertEqual(pipe.execute(), list(range(1, 101)))
            client.close()

    def test_redis_cli_scans_all_keys(self):
        client = self.client(self.leader)
        for number in range(500):
            client.call("SET", f"k{number}", "v")
        port = str(self.cluster.client_ports[self.leader])
        found = subprocess.run(["redis-cli", "-p", port, "--scan", "--pattern", "k*"], check=True,
                               capture_output=True, text=True, timeout=20).stdout.split()
        self.assertEqual(sorted(found), sorted(f"k{number}" for number in range(500)))


class Pipelines(unittest.TestCase):
    """Thousands of requests sent in one go, whose replies are long together."""
    COUNT = 10_000
    VALUE = "v" * 2048

    def setUp(self):
        cluster = Cluster(PROGRAM, count=1)
        cluster.__enter__()
        self.addCleanup(cluster.__exit__)
        cluster.leader()
        self.client = cluster.client(1)
        self.addCleanup(self.client.close)
        self.assertEqual(self.client.call("SET", "x", self.VALUE), "OK")

    def expect_all(self) -> None:
        for number in range(self.COUNT):
            self.assertEqual(self.client.receive(), self.VALUE, number)

    def test_are_answered_to_the_end(self):
        self.client.socket.sendall(self.COUNT * b"*2\r\n$3\r\nGET\r\n$1\r\nx\r\n")
        self.expect_all()
        self.assertEqual(self.client.call("PING"), "PONG")

    def test_are_answered_to_one_that_sends_no_more_and_then_it_is_let_go(self):
        self.client.socket.sendall(self.COUNT * b"*2\r\n$3\r\nGET\r\n$1\r\nx\r\n")
        self.client.socket.shutdown(socket.SHUT_WR)
        self.expect_all()
        self.assertEqual(self.client.file.read(), b"")


class Nodes(Running):
    def test_say_where_they_stand(self):
        for node in self.cluster.ids:
            flat = self.client(node).call("RAFT", "STATUS")
            status = dict(zip(flat[::2], flat[1::2]))
            self.assertEqual(status["id"], node)
            self.assertEqual(status["leader"], self.leader)
            self.assertEqual(len(status["members"]), 3)
            why = self.client(node).call("RAFT", "WHY-NOT-LEADER")
            self.assertRegex(why, "It leads" if node == self.leader else f"Node {self.leader} leads in term")

    def raftkv(self, *words: str) -> subprocess.CompletedProcess:
        nodes = ",".join(f"127.0.0.1:{port}" for port in self.cluster.client_ports.values())
        return subprocess.run([PROGRAM, *words, "--nodes", nodes, "--timeout-ms", "2000"], text=True,
                              capture_output=True, timeout=30)

    def test_are_shown_by_raftkv_status(self):
        result = self.raftkv("status")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(result.stdout, rf"\n127.0.0.1:\d+ +{self.leader} +leader +\d+ +{self.leader} ")
        self.assertIn(f"Members, as node {self.leader} knows them", result.stdout)
        shown = json.loads(self.raftkv("status", "--json").stdout)
        self.assertEqual(shown["leader"], self.leader)
        self.assertEqual(sorted(node["role"] for node in shown["nodes"]), ["follower", "follower", "leader"])
        survivor = next(node for node in self.cluster.ids if node != self.leader)
        for node in self.cluster.ids:
            if node != survivor:
                self.cluster.end(node, signal.SIGKILL)
        until(lambda: self.raftkv("status").returncode == 1)
        shown = json.loads(self.raftkv("status", "--json").stdout)
        self.assertEqual(shown["leader"], 0)
        self.assertEqual(sum("error" in node for node in shown["nodes"]), 2)
        alone = "1 of 3 voters are connected, this one included, and 2 are needed"
        until(lambda: alone in self.raftkv("why-not-leader").stdout)
        self.cluster.end(survivor, signal.SIGKILL)
        gone = self.raftkv("status")
        self.assertEqual((gone.returncode, gone.stdout), (3, ""))
        self.assertRegex(gone.stderr, r"\Araftkv: no node gave its status: no connection to .*\n\Z")

    def test_do_what_an_operator_asks_and_say_why_not(self):
        until(lambda: all(self.cluster.info(node)["applied"] != "0" for node in self.cluster.ids))
        snapshot = self.raftkv("snapshot")
        self.assertEqual((snapshot.returncode, snapshot.stdout.count(": OK\n")), (0, 3), snapshot.stdout)
        moved = self.raftkv("transfer")
        self.assertEqual(moved.returncode, 0, moved.stderr)
        until(lambda: self.cluster.leader() != self.leader)
        self.assertEqual(self.raftkv("add", "4", "127.0.0.1:1").returncode, 0)
        behind = until(lambda: None if (asked := self.raftkv("promote", "4")).returncode == 2 else asked)  # 2: unknown.
        self.assertEqual(behind.returncode, 1, behind.stderr)
        self.assertIn("lacks too much of the log", behind.stderr)
        shown = json.loads(self.raftkv("status", "--json").stdout)
        members = next(node["members"] for node in shown["nodes"] if node["id"] == shown["leader"])
        self.assertEqual([(member["id"], member["part"]) for member in members][-1], (4, "learner"))
        self.assertEqual(self.raftkv("remove", "4").returncode, 0)
        stranger = self.raftkv("promote", "9")
        self.assertEqual((stranger.returncode, stranger.stderr), (1, "raftkv: refused: node 9 is no learner\n"))

    def test_remove_the_leader_and_are_told_that_it_is_done(self):
        removed = self.raftkv("remove", str(self.leader))
        self.assertEqual((removed.returncode, removed.stdout), (0, "OK\n"), removed.stderr)
        until(lambda: self.cluster.leader() not in (None, self.leader))
        rest = [node for node in self.cluster.ids if node != self.leader]
        shown = json.loads(self.raftkv("status", "--json").stdout)
        members = next(node["members"] for node in shown["nodes"] if node["id"] == shown["leader"])
        self.assertEqual([member["id"] for member in members], rest)

    def test_tell_their_clients_at_once_that_they_were_removed(self):
        waiting = {node: self.client(node) for node in self.cluster.ids}
        follower = next(node for node in self.cluster.ids if node != self.leader)
        for removed in (follower, self.leader):
            self.assertEqual(self.raftkv("remove", str(removed)).returncode, 0)
            until(lambda removed=removed: self.cluster.info(removed)["leader"] == "0")
            for words in (["SET", "x", "1"], ["GET", "x"], ["INCR", "n"]):
                waiting[removed].send(*words)
            for _ in range(3):
                with self.assertRaisesRegex(ReplyError, "^NOTDONE this node was removed from the cluster: ask one of"):
                    waiting[removed].receive()
            self.assertEqual(waiting[removed].call("PING"), "PONG")
        rest = next(node for node in self.cluster.ids if node not in (follower, self.leader))
        until(lambda: self.cluster.info(rest)["role"] == "leader")
        self.assertEqual(waiting[rest].call("INCR", "n"), 1)

    def test_are_no_voters_when_they_were_removed_also_after_a_restart(self):
        removed = next(node for node in self.cluster.ids if node != self.leader)
        self.assertEqual(self.raftkv("remove", str(removed)).returncode, 0)
        until(lambda: self.cluster.info(removed)["leader"] == "0")
        self.cluster.end(removed, signal.SIGKILL)
        self.cluster.start(removed)
        client = self.client(removed)
        # It does not know that its removal was committed, and asks for votes.
        until(lambda: self.cluster.info(removed)["role"] == "pre-candidate")
        self.assertEqual(client.call("RAFT", "WHY-NOT-LEADER"), "It is no voter: it is a learner, or was removed.")

    def page(self, port: int, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def test_show_figures_and_health_over_http(self):
        port = free_ports(1)[0]
        follower = next(node for node in self.cluster.ids if node != self.leader)
        self.cluster.end(follower, signal.SIGTERM)
        self.cluster.options = ("--http", f"127.0.0.1:{port}", "--log-format", "json")
        self.cluster.start(follower)
        until(lambda: self.page(port, "/health")[0] == 200)
        self.assertRegex(self.page(port, "/health")[1], rf"\ANode {self.leader} leads in term \d+\.\n\Z")
        client = self.client(follower)
        for _ in range(10):
            client.call("INCR", "n")
        client.call("GET", "n")
        status, text = self.page(port, "/metrics")
        self.assertEqual(status, 200)
        for line in ('raftkv_requests_total{kind="write",outcome="done"} 10', f"raftkv_leader_id {self.leader}",
                     'raftkv_request_seconds_count{kind="read"} 1', "raftkv_keys 1", 'raftkv_role{role="follower"} 1'):
            self.assertIn(line + "\n", text)
        for line in text.splitlines():
            self.assertRegex(line, r'\A(# (HELP|TYPE) raftkv_[a-z_]+ .+|raftkv_[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? [0-9.]+)\Z')
        self.assertEqual(self.page(port, "/nothing")[0], 404)
        with socket.create_connection(("127.0.0.1", port), 10) as odd:
            odd.sendall(b"POST / HTTP/1.1\r\n\r\n")
            answer = odd.recv(1000)
            self.assertTrue(answer.startswith(b"HTTP/1.1 405 "))
            self.assertIn(b"\r\nAllow: GET, HEAD\r\n", answer)
        for node in self.cluster.ids:
            if node != follower:
                self.cluster.end(node, signal.SIGKILL)
        until(lambda: self.page(port, "/health")[0] == 503)
        until(lambda: "no connection to" in self.page(port, "/health")[1])
        last = self.cluster.log(follower).splitlines()[-1]
        self.assertEqual(json.loads(last)["node"], follower)

    def moved(self, leader: int, to: int) -> bool:
        """Leadership; not before `to` has caught up."""
        try:
            return self.client(leader).call("RAFT", "TRANSFER", str(to)) == "OK"
        except ReplyError:
            return self.cluster.leader() == to

    def test_show_what_the_documents_say(self):
        port = free_ports(1)[0]
        self.cluster.end(self.leader, signal.SIGTERM)
        self.cluster.options = ("--http", f"127.0.0.1:{port}")
        self.cluster.start(self.leader)
        client = self.client(self.leader)
        other = self.cluster.leader()
        if other != self.leader:
            until(lambda: self.moved(other, self.leader))
        until(lambda: "raftkv_peer_match_index" in self.page(port, "/metrics")[1])
        page = self.page(port, "/metrics")[1]
        manual = (pathlib.Path(__file__).parents[2] / "docs" / "raftkv.md").read_text()
        table = manual[manual.index("| metric |"):manual.index("- `/health`")]
        self.assertEqual(set(re.findall(r"`(raftkv_[a-z_]+)`", table)), set(re.findall(r"# TYPE (raftkv_[a-z_]+)", page)))
        for section in ("raft", "sessions", "storage"):
            start = manual.index(f"`INFO {section}`:")
            told = manual[start:manual.index(".", start)]
            names = re.findall(r"^([a-z_]+):", client.call("INFO", section).replace("\r", ""), re.MULTILINE)
            self.assertEqual([name for name in names if f"`{name}`" not in told], [], section)
        self.assertGreater(int(re.search(r"syncs:(\d+)", client.call("INFO", "storage"))[1]), 0)
        self.assertGreater(int(re.search(r"log_bytes:(\d+)", client.call("INFO", "storage"))[1]), 0)

    def test_name_the_leader_to_who_asks_for_it(self):
        addresses = ",".join(f"{node}=127.0.0.1:{port}" for node, port in self.cluster.client_ports.items())
        follower = next(node for node in self.cluster.ids if node != self.leader)
        client = self.client(follower)
        self.assertEqual(client.call("CLIENT", "REDIRECT", "ON"), "OK")
        self.assertEqual(client.call("SET", "x", "1"), "OK")  # It does not know where: passed on.
        self.cluster.end(follower, signal.SIGTERM)
        self.cluster.options = ("--clients", addresses)
        self.cluster.start(follower)
        client = self.client(follower)
        until(lambda: self.cluster.info(follower)["leader"] == str(self.leader))
        self.assertEqual(client.call("SET", "x", "2"), "OK")
        self.assertEqual(client.call("CLIENT", "REDIRECT", "ON"), "OK")
        for words in (["SET", "x", "3"], ["GET", "x"]):
            with self.assertRaises(ReplyError) as caught:
                client.call(*words)
            self.assertEqual(str(caught.exception), f"MOVED 0 127.0.0.1:{self.cluster.client_ports[self.leader]}")
        port = str(self.cluster.client_ports[follower])
        said = subprocess.run(["redis-cli", "-c", "-p", port], input="CLIENT REDIRECT ON\nGET x\n", text=True,
                              check=True, capture_output=True, timeout=20).stdout
        self.assertTrue(said.endswith("2\n"), said)


class Documents(unittest.TestCase):
    def test_say_what_the_first_word_of_every_error_means(self):
        root = pathlib.Path(__file__).parents[2]
        manual = (root / "docs" / "raftkv.md").read_text()
        table = manual[manual.index("## Outcomes"):manual.index("## Order on one connection")]
        sources = [path.read_text() for path in (root / "src" / "server").glob("*.cc") if "_test" not in path.name]
        words = set(re.findall(r'"([A-Z]{3,}) [a-z0-9{]', "".join(sources))) - {"KEYS", "GET"}  # Of summaries.
        self.assertEqual({word for word in words if f"`{word}`" not in table}, set())


class Sessions(Running):
    def test_a_command_that_is_sent_again_is_applied_once_through_any_node(self):
        session = str(self.client(self.leader).call("SESSION", "OPEN"))
        for node in self.cluster.ids:
            for _ in range(2):
                reply = self.client(node).call("SESSION", "RUN", session, "1", "1", "INCR", "n")
                self.assertEqual(reply, 1)
        client = self.client(self.leader)
        self.assertEqual(client.call("SESSION", "RUN", session, "2", "2", "INCR", "n"), 2)
        for words, word in [
            (["SESSION", "RUN", session, "1", "1", "INCR", "n"], "FORGOTTEN"),
            (["SESSION", "RUN", "999999", "1", "1", "INCR", "n"], "NOSESSION"),
            (["SESSION", "RUN", session, "5000", "2", "INCR", "n"], "ERR"),
        ]:
            with self.assertRaises(ReplyError) as caught:
                client.call(*words)
            self.assertEqual(caught.exception.word, word)
        self.assertEqual(client.call("SESSION", "CLOSE", session), "OK")
        with self.assertRaises(ReplyError) as caught:
            client.call("SESSION", "RUN", session, "3", "3", "INCR", "n")
        self.assertEqual(caught.exception.word, "NOSESSION")
        self.assertEqual(client.call("GET", "n"), "2")

    def test_answers_outlive_leaders_and_restarts_of_all(self):
        session = str(self.client(self.leader).call("SESSION", "OPEN"))
        sequence = 0
        for _ in range(3):
            leader = self.cluster.leader()
            sequence += 1
            words = ["SESSION", "RUN", session, str(sequence), str(sequence), "INCR", "n"]
            self.assertEqual(self.client(leader).call(*words), sequence)
            self.cluster.end(leader, signal.SIGKILL)
            survivor = next(node for node in self.cluster.ids if node != leader)
            until(lambda node=survivor: self.cluster.info(node)["leader"] not in ("0", str(leader)))
            self.assertEqual(self.client(survivor).call(*words), sequence)
            self.cluster.start(leader)
        for node in self.cluster.ids:
            self.cluster.end(node, signal.SIGKILL)
        for node in self.cluster.ids:
            self.cluster.start(node)
        self.cluster.leader()
        self.assertEqual(self.client(1).call(*words), sequence)
        self.assertEqual(self.client(1).call("GET", "n"), str(sequence))


if __name__ == "__main__":
    unittest.main()
