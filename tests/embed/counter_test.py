# SPDX-License-Identifier: Apache-2.0
"""counter_test.py COUNTER: three processes of examples/counter count together; their leader is killed.

While all add, the leader is killed with SIGKILL, started again, and in the end every server names the same number,
which is what was added: each addition once. An addition whose process was killed meanwhile may count or not.
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
import unittest

PORT = 23100 + os.getpid() % 30 * 3  # Two of these may run at once.
ROUNDS = 3
COUNTER = ""


class Server:
    """One process, and what was asked of it."""

    def __init__(self, number: int, folder: pathlib.Path, port: int):
        self.number, self.added, self.doubtful = number, 0, 0
        peers = [f"{peer}=127.0.0.1:{port + peer}" for peer in (1, 2, 3)]
        self.command = [COUNTER, str(number), str(folder / str(number)), *peers]
        self.log = open(folder / f"{number}.log", "ab")
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log,
                                        text=True)

    def ask(self, line: str) -> str:
        """The answer; empty if the process has died."""
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return ""
        return self.process.stdout.readline().strip()

    def add(self, amount: int) -> str:
        answer = self.ask(f"add {amount}")
        if answer.isdigit():
            self.added += amount
        elif not answer.startswith("refused"):
            self.doubtful += amount
        return answer

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.end()

    def close(self) -> int:
        self.process.stdin.close()
        code = self.process.wait(timeout=20)
        self.end()
        return code

    def end(self) -> None:
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass  # The line that it was killed over.


class Counter(unittest.TestCase):
    def leader(self, servers: list[Server]) -> Server:
        end = time.monotonic() + 20
        while time.monotonic() < end:
            for server in servers:
                who = server.ask("who") if server.process.poll() is None else ""
                if who not in ("", "0") and servers[int(who) - 1].process.poll() is None:
                    return servers[int(who) - 1]
            time.sleep(0.05)
        self.fail("nobody leads")

    def test_everything_is_added_once_though_leaders_are_killed(self):
        with tempfile.TemporaryDirectory() as name:
            servers = [Server(number, pathlib.Path(name), PORT) for number in (1, 2, 3)]
            try:
                for _ in range(ROUNDS):
                    self.one_round(servers)
                totals = {int(server.ask("get")) for server in servers}
                self.assertEqual(len(totals), 1, totals)
                added, doubtful = sum(s.added for s in servers), sum(s.doubtful for s in servers)
                self.assertGreaterEqual(totals.pop(), added)
                self.assertLessEqual(int(servers[0].ask("get")), added + doubtful)
                self.assertGreater(added, 100 * ROUNDS)
                # Those whose process lived know exactly: only additions at a killed one are in doubt.
                self.assertLessEqual(doubtful, ROUNDS)
                for server in servers:
                    self.assertEqual(server.close(), 0)
                    server.process.stdout.close()
            finally:
                for server in servers:
                    if server.process.poll() is None:
                        server.kill()
                    server.log.close()

    def one_round(self, servers: list[Server]) -> None:
        leader = self.leader(servers)
        half = threading.Barrier(len(servers) + 1, timeout=60)

        def add(server: Server) -> None:
            for step in range(120):
                if step == 60:
                    half.wait()
                if not server.add(1):
                    return  # It was killed.

        adders = [threading.Thread(target=add, args=[server]) for server in servers]
        for adder in adders:
            adder.start()
        half.wait()
        before = leader.added
        while leader.added < before + 5:  # Amid the second half.
            time.sleep(0.001)
        leader.kill()
        for adder in adders:
            adder.join()
        leader.process.stdout.close()
        leader.start()
        self.leader(servers)


if __name__ == "__main__":
    COUNTER = sys.argv.pop(1)
    unittest.main()
