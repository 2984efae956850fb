#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Clients that send too much, never end, never read, or are too many: each gets one clear error or waits, what the
node keeps for them is bounded, and all others are served."""
import contextlib
import pathlib
import resource
import select
import signal
import socket
import struct
import sys
import time
import unittest

from cluster import Client, Cluster, ReplyError, until

PROGRAM = sys.argv.pop(1)
MIB = 1 << 20
FULL = "ERR max number of clients reached"


class Requests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(PROGRAM, count=1)
        cls.enterClassContext(cls.cluster)
        cls.cluster.leader()

    def setUp(self):
        self.addCleanup(self.serves)

    def serves(self) -> None:
        client = self.cluster.client(1)
        self.assertEqual(client.call("SET", "x", "1"), "OK")
        client.close()

    def memory_bytes(self, figure: str = "VmRSS") -> int:
        text = pathlib.Path(f"/proc/{self.cluster.processes[1].pid}/status").read_text()
        return next(int(line.split()[1]) << 10 for line in text.splitlines() if line.startswith(figure + ":"))

    def expect_more_bytes(self, more: int, at_most: int) -> None:
        if self.memory_bytes("VmSize") < 1 << 40:  # A sanitizer reserves more, and keeps what is freed.
            self.assertLess(more, at_most)

    def refuses(self, *pieces: bytes) -> str:
        """What is answered to these; then the connection is closed."""
        client = self.cluster.client(1)
        self.addCleanup(client.close)
        try:
            for piece in pieces:
                client.socket.sendall(piece)
        except ConnectionError:
            pass  # It has seen enough.
        with self.assertRaises(ReplyError) as caught:
            client.receive()
        with contextlib.suppress(ConnectionError):
            self.assertEqual(client.file.read(), b"")
        return str(caught.exception)

    def test_an_argument_that_is_too_long(self):
        self.assertEqual(self.refuses(b"*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$%d\r\n" % (8 * MIB + 1)),
                         "ERR Protocol error: invalid bulk length")

    def test_an_argument_of_the_greatest_length_is_taken(self):
        client = self.cluster.client(1)
        self.assertEqual(client.call("SET", "long", "v" * 8 * MIB), "OK")
        self.assertEqual(client.call("STRLEN", "long"), 8 * MIB)
        self.assertEqual(client.call("DEL", "long"), 1)
        client.close()

    def test_lengths_that_are_none(self):
        for length in (b"-2", b"18446744073709551616", b"1x", b"", b"0x10"):
            self.assertEqual(self.refuses(b"*1\r\n$%s\r\n" % length), "ERR Protocol error: invalid bulk length")
        for count in (b"18446744073709551616", b"1x", b""):
            self.assertEqual(self.refuses(b"*%s\r\n" % count), "ERR Protocol error: invalid multibulk length")

    def test_a_web_page_cannot_write(self):
        """A browser sends its lines to any port; those after them may be commands."""
        host = b"Host: 127.0.0.1:6379\r\nContent-Length: 16\r\n\r\nSET forged 1\r\n"
        closed = "ERR Protocol error: this is HTTP, and no Redis client"
        self.assertEqual(self.refuses(b"POST / HTTP/1.1\r\n" + host), closed)
        self.assertEqual(self.refuses(host), closed)
        client = self.cluster.client(1)
        self.assertIsNone(client.call("GET", "forged"))
        client.close()

    def test_too_many_arguments(self):
        self.assertEqual(self.refuses(b"*65537\r\n"), "ERR Protocol error: invalid multibulk length")

    def test_arguments_that_are_too_long_together(self):
        argument = b"$%d\r\n%s\r\n" % (6 * MIB, b"v" * 6 * MIB)
        self.assertEqual(self.refuses(b"*4\r\n$4\r\nMSET\r\n", *3 * [argument]), "ERR Protocol error: too big request")

    def test_an_array_within_an_array(self):
        self.assertEqual(self.refuses(b"*2\r\n$4\r\nPING\r\n*1\r\n$1\r\nx\r\n"),
                         "ERR Protocol error: expected '$', got '*'")
        self.assertEqual(self.refuses(b"*1\r\n" * 10_000), "ERR Protocol error: expected '$', got '*'")

    def test_a_line_without_an_end(self):
        self.assertEqual(self.refuses(*100 * [b"SET x " + b"v" * 65530]), "ERR Protocol error: too big inline request")

    def test_requests_that_never_end_take_no_more_than_one_may_have(self):
        before = self.memory_bytes()
        with contextlib.ExitStack() as stack:
            for _ in range(10):
                client = self.cluster.client(1)
                stack.callback(client.close)
                client.socket.sendall(b"*2\r\n$3\r\nGET\r\n$%d\r\n%s" % (8 * MIB, b"v" * (8 * MIB - 1)))
            self.serves()
            self.expect_more_bytes(self.memory_bytes() - before, 10 * 18 * MIB)

    def asks_and_never_reads(self, reply_bytes: int) -> tuple[bool, int]:
        """Asks for replies of this length without end, and reads none: was it closed, or is no more taken? And how
        much more memory the node had at the most."""
        pid = self.cluster.processes[1].pid
        writer = self.cluster.client(1)
        self.addCleanup(writer.close)
        self.assertEqual(writer.call("SET", "big", "v" * reply_bytes), "OK")
        pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")  # The peak begins anew.
        before = self.memory_bytes()
        silent = self.cluster.client(1)
        self.addCleanup(silent.close)
        silent.socket.setblocking(False)
        request = b"*2\r\n$3\r\nGET\r\n$3\r\nbig\r\n" * 1000
        closed = False
        while not closed and select.select([], [silent.socket], [], 1)[1]:
            try:
                silent.socket.send(request)
            except ConnectionError:
                closed = True
        self.assertEqual(writer.call("GET", "big"), "v" * reply_bytes)  # Others are served.
        self.assertEqual(writer.call("DEL", "big"), 1)
        return closed, self.memory_bytes("VmHWM") - before

    def test_one_that_never_reads_is_not_heard_any_more(self):
        closed, memory_bytes = self.asks_and_never_reads(10_000)
        self.assertFalse(closed)
        self.expect_more_bytes(memory_bytes, 64 * MIB)

    def test_one_that_never_reads_long_replies_is_not_heard_any_more(self):
        closed, memory_bytes = self.asks_and_never_reads(MIB)
        self.assertFalse(closed)
        self.expect_more_bytes(memory_bytes, 64 * MIB)

    def expect_memory_of_slow_readers(self, count: int, request: bytes, reply_bytes: int, at_most: int) -> None:
        """So many ask at once and do not read for a while; then the first reads all of its replies."""
        replies = request.count(b"GET")
        writer = self.cluster.client(1)
        self.addCleanup(writer.close)
        self.assertEqual(writer.call("SET", "big", "v" * reply_bytes), "OK")
        pathlib.Path(f"/proc/{self.cluster.processes[1].pid}/clear_refs").write_text("5")
        before = self.memory_bytes()
        with contextlib.ExitStack() as stack:
            sockets = []
            for _ in range(count):
                one = stack.enter_context(contextlib.closing(socket.socket()))
                one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                one.connect(writer.socket.getpeername())
                one.sendall(request)
                sockets.append(one)
            until = time.monotonic() + 2
            while time.monotonic() < until:  # Others are served all the while.
                self.assertEqual(writer.call("GET", "big"), "v" * reply_bytes)
            self.expect_more_bytes(self.memory_bytes("VmHWM") - before, at_most)
            sockets[0].settimeout(20)
            left = replies * len(b"$%d\r\n%s\r\n" % (reply_bytes, b"v" * reply_bytes))
            while left > 0:
                left -= len(sockets[0].recv(min(left, MIB)))
        self.assertEqual(writer.call("DEL", "big"), 1)

    def test_slow_readers_of_long_replies_have_few_of_them_written_ahead(self):
        request = b"*2\r\n$3\r\nGET\r\n$3\r\nbig\r\n" * 240
        self.expect_memory_of_slow_readers(10, request, MIB, 100 * MIB)

    def test_slow_readers_of_many_replies_have_few_written_ahead_together(self):
        request = b"*2\r\n$3\r\nGET\r\n$3\r\nbig\r\n" * 400
        self.expect_memory_of_slow_readers(400, request, MIB // 32, 500 * MIB)

    def test_many_long_values_at_once_are_an_error_and_take_no_memory(self):
        client = self.cluster.client(1)
        self.addCleanup(client.close)
        self.assertEqual(client.call("SET", "long", "v" * 8 * MIB), "OK")
        pathlib.Path(f"/proc/{self.cluster.processes[1].pid}/clear_refs").write_text("5")
        before = self.memory_bytes()
        with self.assertRaisesRegex(ReplyError, "^ERR the answer is too long: "):
            client.call("MGET", *100 * ["long"])
        self.expect_more_bytes(self.memory_bytes("VmHWM") - before, 64 * MIB)
        self.assertEqual(client.call("MGET", *3 * ["long"]), 3 * ["v" * 8 * MIB])
        self.assertEqual(client.call("DEL", "long"), 1)


class PassedOn(unittest.TestCase):
    def test_a_write_whose_answer_is_too_long_to_be_passed_on_is_told_that_it_was_done(self):
        with Cluster(PROGRAM) as cluster:
            leader = cluster.leader()
            direct = cluster.client(leader)
            self.addCleanup(direct.close)
            for _ in range(7):
                direct.call("APPEND", "long", "v" * 8 * MIB)
            client = cluster.client(next(node for node in cluster.ids if node != leader))
            self.addCleanup(client.close)
            for words, answer in ((("GET", "long"), "ERR the answer is too long to be passed on: ask the leader"),
                                  (("SET", "long", "x", "GET"),
                                   "NOTKEPT the write was done; its answer is too long to be passed on")):
                with self.assertRaises(ReplyError) as caught:
                    client.call(*words)
                self.assertEqual(str(caught.exception), answer)
            self.assertEqual(direct.call("GET", "long"), "x")


class Waiting(unittest.TestCase):
    def test_long_commands_that_cannot_be_done_yet_are_not_read_without_end(self):
        """Without a majority nothing is answered before its time is up."""
        with Cluster(PROGRAM, options=("--request-timeout-ms", "60000")) as cluster:
            cluster.leader()
            for node in (2, 3):
                cluster.end(node, signal.SIGKILL)
            until(lambda: cluster.info(1)["leader"] == "0")
            client = cluster.client(1)
            client.socket.setblocking(False)
            command = b"*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$%d\r\n%s\r\n" % (8 * MIB, b"v" * 8 * MIB)
            sent = 0
            while sent < 200 * MIB and select.select([], [client.socket], [], 2)[1]:
                sent += client.socket.send(command[sent % len(command):])
            client.close()
            self.assertLess(sent, 120 * MIB)  # 64 MiB, what the kernel holds, and a command.
            self.assertGreater(sent, 60 * MIB)


class Together(unittest.TestCase):
    """What all clients may have waiting together is bounded; those with short requests do not notice."""
    COMMAND = b"*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$%d\r\n%s\r\n" % (8 * MIB, b"v" * 8 * MIB)
    STOPPED = "ERR the rest of this request did not come, and others wait for the room that it has"
    REFUSED = "ERR the requests of all clients together are too long: send this one again later"

    @staticmethod
    def peak(cluster: Cluster) -> int:
        text = pathlib.Path(f"/proc/{cluster.processes[1].pid}/status").read_text()
        figures = dict(line.split(":", 1) for line in text.splitlines())
        sanitized = int(figures["VmSize"].split()[0]) << 10 > 1 << 40  # It keeps what is freed.
        return 0 if sanitized else int(figures["VmHWM"].split()[0]) << 10

    def pour(self, sockets: list[socket.socket], data: bytes, quiet: float = 1) -> dict[socket.socket, int]:
        """Sends this on each until nothing is taken for `quiet` seconds, or all was."""
        sent = dict.fromkeys(sockets, 0)
        while True:
            open_ones = [one for one in sockets if sent[one] < len(data)]
            ready = select.select([], open_ones, [], quiet)[1] if open_ones else []
            if not ready:
                return sent
            for one in ready:
                try:
                    sent[one] += one.send(data[sent[one]:sent[one] + MIB])
                except ConnectionError:
                    sent[one] = len(data)

    def clients(self, stack: contextlib.ExitStack, cluster: Cluster, count: int) -> list[Client]:
        result = []
        for _ in range(count):
            result.append(cluster.client(1))
            stack.callback(result[-1].close)
        return result

    def test_long_requests_of_many_that_cannot_be_done_yet(self):
        options = ("--request-timeout-ms", "60000", "--max-input-mb", "32")
        with Cluster(PROGRAM, options=options) as cluster, contextlib.ExitStack() as stack:
            cluster.leader()
            for node in (2, 3):
                cluster.end(node, signal.SIGKILL)
            until(lambda: cluster.info(1)["leader"] == "0")
            before = self.peak(cluster)
            sockets = [client.socket for client in self.clients(stack, cluster, 12)]
            for one in sockets:
                one.setblocking(False)
            self.pour(sockets, 3 * self.COMMAND)  # 288 MiB; each may have 64.
            self.assertEqual(cluster.client(1).call("PING"), "PONG")
            self.assertLess(self.peak(cluster) - before if before else 0, 100 * MIB)
            self.assertIn('clients-wait reason="their requests have 32 MiB together (max-input-mb)"', cluster.log(1))

    def test_long_requests_of_many_that_can_be_done_are_all_done(self):
        options = ("--request-timeout-ms", "60000", "--max-input-mb", "32")
        with Cluster(PROGRAM, count=1, options=options) as cluster, contextlib.ExitStack() as stack:
            cluster.leader()
            clients = self.clients(stack, cluster, 12)
            for client in clients:
                client.socket.setblocking(False)
            self.pour([client.socket for client in clients], self.COMMAND, quiet=15)
            for client in clients:
                client.socket.settimeout(20)
                self.assertEqual(client.receive(), "OK")

    def test_requests_of_many_that_never_end_make_room_for_others(self):
        options = ("--request-timeout-ms", "1000", "--max-input-mb", "32")
        with Cluster(PROGRAM, count=1, options=options) as cluster, contextlib.ExitStack() as stack:
            cluster.leader()
            before = self.peak(cluster)
            clients = self.clients(stack, cluster, 12)
            for client in clients:
                client.socket.setblocking(False)
            self.pour([client.socket for client in clients], self.COMMAND[:-1])
            short = cluster.client(1)
            stack.callback(short.close)
            self.assertEqual(short.call("SET", "y", "1"), "OK")
            self.assertLess(self.peak(cluster) - before if before else 0, 100 * MIB)
            self.expect_refused(clients, 20, self.REFUSED, self.STOPPED)

            def is_done() -> bool:  # One that is long, and whole.
                client = cluster.client(1)
                try:
                    client.socket.sendall(self.COMMAND)
                    return client.receive() == "OK"
                except (ReplyError, ConnectionError):
                    return False
                finally:
                    client.close()
            until(is_done)

    def test_one_that_stopped_while_it_was_favoured_does_not_hold_up_others_later(self):
        options = ("--request-timeout-ms", "20000", "--max-input-mb", "32")
        with Cluster(PROGRAM, count=1, options=options) as cluster, contextlib.ExitStack() as stack:
            cluster.leader()
            clients = self.clients(stack, cluster, 48)
            for client in clients:
                # The kernel does not hold 15 MiB then: they are taken only if the node reads.
                client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 64 << 10)
                client.socket.setblocking(False)
            half = b"$%d\r\n%s\r\n" % (15 << 19, b"v" * (15 << 19))
            begun = b"*3\r\n$4\r\nMGET\r\n" + half + half[:-1]
            sent = self.pour([client.socket for client in clients], begun)
            favoured, = (client for client in clients if sent[client.socket] == len(begun))
            for client in clients:
                if client is not favoured:  # These break off, or nobody would notice: they are not read.
                    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    client.close()
            later = self.clients(stack, cluster, 12)
            self.assertEqual(later[-1].call("PING"), "PONG")
            begin = time.monotonic()
            for client in later:
                client.socket.setblocking(False)
            self.pour([client.socket for client in later], self.COMMAND, quiet=30)
            for client in later:
                client.socket.settimeout(30)
                self.assertEqual(client.receive(), "OK")
            self.assertLess(time.monotonic() - begin, 15)


    BEGUN = b"*3\r\n$4\r\nMGET\r\n" + 2 * (b"$%d\r\n%s\r\n" % (15 << 19, b"v" * (15 << 19)))
    SILENT = 'client-refused reason="it stopped in the middle of a request, and others wait for the room that it has"'
    DEAF = 'client-refused reason="it does not read its replies, and others wait for the room that it has"'

    def expect_refused(self, clients: list[Client], seconds: float, *reasons: str) -> None:
        """Some of them, within so many seconds, each for one of the reasons."""
        refused = select.select([client.socket for client in clients], [], [], seconds)[0]
        self.assertTrue(refused)
        for client in clients:
            if client.socket not in refused:
                continue
            client.socket.settimeout(10)
            with self.assertRaises(ReplyError) as caught:
                client.receive()
            self.assertIn(str(caught.exception), reasons)

    def expect_all_done(self, clients: list[Client], seconds: float) -> None:
        """Of those that each send COMMAND."""
        begin = time.monotonic()
        for client in clients:
            client.socket.setblocking(False)
        self.pour([client.socket for client in clients], self.COMMAND, quiet=30)
        for client in clients:
            client.socket.settimeout(30)
            self.assertEqual(client.receive(), "OK")
        self.assertLess(time.monotonic() - begin, seconds)

    def test_those_that_stop_in_the_middle_are_closed_long_before_others_are_refused(self):
        options = ("--request-timeout-ms", "20000", "--max-input-mb", "32")
        with Cluster(PROGRAM, count=1, options=options) as cluster, contextlib.ExitStack() as stack:
            cluster.leader()
            silent = self.clients(stack, cluster, 3)  # Of 15 MiB each, which they send in part or but for a byte.
            for client in silent:
                client.socket.setblocking(False)
            self.pour([client.socket for client in silent], self.BEGUN[:-1])
            self.expect_all_done(self.clients(stack, cluster, 4), 15)  # Not 20, when they would be refused.
            self.assertIn(self.SILENT, cluster.log(1))
            self.expect_refused(silent, 0, self.STOPPED)

    def test_those_that_closed_in_the_middle_are_noticed_while_one_that_stopped_is_favoured(self):
        options = ("--request-timeout-ms", "20000", "--max-input-mb", "32")
        with Cluster(PROGRAM, count=1, options=options) as cluster, contextlib.ExitStack() as stack:
            cluster.leader()
            clients = self.clients(stack, cluster, 3)
            for client in clients:
                client.socket.setblocking(False)
            self.pour([client.socket for client in clients[:2]], self.BEGUN[:-1])  # 30 MiB.
            self.pour([clients[2].socket], self.BEGUN[:3 * MIB])
            until(lambda: "clients-wait" in cluster.log(1))
            for client in clients[:2]:
                client.socket.shutdown(socket.SHUT_WR)
            for client in clients[:2]:
                client.socket.settimeout(15)
                self.assertEqual(client.file.read(), b"")

    @staticmethod
    def has_read_all(cluster: Cluster) -> bool:
        """The kernel holds nothing that was sent to the node's clients' port or by it."""
        lines = [line.split() for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]]
        port = f":{cluster.client_ports[1]:04X}"
        return all(line[4] == "00000000:00000000" for line in lines if line[1].endswith(port) or line[2].endswith(port))

    def test_those_that_stop_in_the_middle_may_go_on_when_nobody_waited(self):
        options = ("--request-timeout-ms", "8000", "--max-input-mb", "32")
        with Cluster(PROGRAM, count=1, options=options) as cluster, contextlib.ExitStack() as stack:
            cluster.leader()
            silent = self.clients(stack, cluster, 4)
            # 45 MiB together; the last of these is favoured, and the one after them has what each may have.
            sent = 3 * [self.BEGUN[:-1]] + [self.BEGUN[:4096]]
            for client, begun in zip(silent, sent):
                client.socket.setblocking(False)
                self.pour([client.socket], begun)
                until(lambda: self.has_read_all(cluster))
            self.assertEqual(select.select([client.socket for client in silent], [], [], 10)[0], [])
            for client, begun in zip(silent, sent):
                client.socket.setblocking(True)
                client.socket.sendall(self.BEGUN[len(begun):])
            for client in silent:
                with self.assertRaisesRegex(ReplyError, "^ERR a key has at most "):
                    client.receive()
            self.assertNotIn("client-refused", cluster.log(1))

    def reader(self, stack: contextlib.ExitStack, cluster: Cluster, node: int, buffer_bytes: int) -> socket.socket:
        """A connection whose kernel takes so much of what it does not read."""
        result = stack.enter_context(contextlib.closing(socket.socket()))
        result.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
        result.connect(("127.0.0.1", cluster.client_ports[node]))
        result.setblocking(False)
        return result

    GET = b"*2\r\n$3\r\nGET\r\n$3\r\nbig\r\n"

    def test_those_that_do_not_read_are_closed_when_others_wait_for_room(self):
        """The beginning of a long request is read while the request before it waits for the leader, which is stopped;
        when that has gone on nobody reads the reply; when it is stopped again others wait."""
        options = ("--request-timeout-ms", "20000", "--max-input-mb", "32")
        with Cluster(PROGRAM, count=2, options=options) as cluster, contextlib.ExitStack() as stack:
            leader = cluster.leader()
            follower = 3 - leader
            ready = stack.enter_context(contextlib.closing(cluster.client(leader)))
            self.assertEqual(ready.call("SET", "big", "v" * 8 * MIB), "OK")
            cluster.processes[leader].send_signal(signal.SIGSTOP)
            deaf = [self.reader(stack, cluster, follower, 16 << 10) for _ in range(3)]
            self.pour(deaf, self.GET + self.BEGUN[:-1])
            cluster.processes[leader].send_signal(signal.SIGCONT)
            for one in deaf:
                self.assertTrue(select.select([one], [], [], 10)[0])
            cluster.processes[leader].send_signal(signal.SIGSTOP)
            self.pour([self.reader(stack, cluster, follower, 16 << 10) for _ in range(8)], self.COMMAND)
            # At the second look, if their kernels took the last that they can hold before the first.
            until(lambda: self.DEAF in cluster.log(follower), 15)

    def test_one_that_reads_slowly_is_not_closed(self):
        """While others wait for room that is used up by requests for a leader that is stopped."""
        options = ("--request-timeout-ms", "16000", "--max-input-mb", "32")
        with Cluster(PROGRAM, count=2, options=options) as cluster, contextlib.ExitStack() as stack:
            leader = cluster.leader()
            follower = 3 - leader
            ready = stack.enter_context(contextlib.closing(cluster.client(leader)))
            self.assertEqual(ready.call("SET", "big", "v" * 8 * MIB), "OK")
            slow = self.reader(stack, cluster, follower, 256 << 10)
            slow.send(self.GET + self.BEGUN[:100_000])
            self.assertTrue(select.select([slow], [], [], 10)[0])
            cluster.processes[leader].send_signal(signal.SIGSTOP)
            others = [self.reader(stack, cluster, follower, 16 << 10) for _ in range(8)]
            self.pour(others, self.COMMAND)
            until(lambda: "clients-wait" in cluster.log(follower))
            got, begin = 0, time.monotonic()
            while time.monotonic() < begin + 10:
                time.sleep(0.25)  # That is how slowly it reads.
                got += len(slow.recv(32 << 10))
            self.assertNotIn("client-refused", cluster.log(follower))
            slow.settimeout(10)
            expected = len(b"$8388608\r\n") + 8 * MIB + len(b"\r\n")
            while got < expected:
                more = len(slow.recv(MIB))
                self.assertGreater(more, 0)
                got += more


class Many(unittest.TestCase):
    def fill(self, stack: contextlib.ExitStack, cluster: Cluster, count: int) -> list[Client]:
        clients = []
        for _ in range(count):
            clients.append(cluster.client(1))
            stack.callback(clients[-1].close)
        self.assertEqual(clients[-1].call("PING"), "PONG")  # And so all before it are in.
        return clients

    def refused(self, cluster: Cluster) -> None:
        late = cluster.client(1)
        with self.assertRaises(ReplyError) as caught:
            late.receive()
        self.assertEqual(str(caught.exception), FULL)
        self.assertEqual(late.file.read(), b"")
        late.close()

    def get_in(self, cluster: Cluster) -> bool:
        client = cluster.client(1)
        try:
            return client.call("PING") == "PONG"
        except (ReplyError, ConnectionError):
            return False
        finally:
            client.close()

    def test_ten_thousand_idle_clients_and_not_one_more(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard != resource.RLIM_INFINITY and hard < 10_600:
            self.skipTest("so many sockets are not allowed here")
        resource.setrlimit(resource.RLIMIT_NOFILE, (10_600, hard))  # The node raises its own.
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        with Cluster(PROGRAM, count=1) as cluster, contextlib.ExitStack() as stack:
            cluster.leader()
            clients = self.fill(stack, cluster, 9_990)
            self.assertEqual(clients[0].call("SET", "x", "1"), "OK")
            while True:  # Those of this test that were closed may still be counted.
                last = cluster.client(1)
                stack.callback(last.close)
                try:
                    last.call("PING")
                except ReplyError as error:
                    self.assertEqual(str(error), FULL)
                    break
                clients.append(last)
            self.assertEqual(len(clients), 10_000)
            self.refused(cluster)
            self.assertEqual(clients[0].call("GET", "x"), "1")
            self.assertIn('client-refused reason="there are 10000 already"', cluster.log(1))
            clients.pop().close()
            until(lambda: self.get_in(cluster))

    def test_few_descriptors_make_few_clients_and_leave_the_log_its_own(self):
        class Poor(Cluster):
            def command(self, node: int) -> list[str]:
                return ["prlimit", "--nofile=600:600", *super().command(node)]

        with Poor(PROGRAM, count=1, options=("--segment-mb", "1")) as cluster, contextlib.ExitStack() as stack:
            cluster.leader()
            self.assertIn('fewer-clients max-clients=88 reason="this process may open 600 files and sockets', cluster.log(1))
            clients = self.fill(stack, cluster, 85)

            def is_full() -> bool:
                try:
                    clients.extend(self.fill(stack, cluster, 1))
                except ReplyError as error:  # Those of this test that were closed may still be counted.
                    self.assertEqual(str(error), FULL)
                return len(clients) == 88

            until(is_full)
            self.refused(cluster)
            for number in range(40):  # New files of the log.
                self.assertEqual(clients[0].call("SET", f"k{number}", "v" * 200_000), "OK")
            self.assertIsNone(cluster.processes[1].poll())


if __name__ == "__main__":
    unittest.main()
