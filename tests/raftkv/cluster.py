# SPDX-License-Identifier: Apache-2.0
"""Real raftkv processes on loopback, and a client for them; the standard library only."""
import contextlib
import pathlib
import signal
import socket
import subprocess
import tempfile
import time


class ReplyError(Exception):
    """A reply that begins with `-`; its first word is the outcome."""

    @property
    def word(self) -> str:
        return str(self).split(" ", 1)[0]


class Client:
    """One connection that speaks RESP 2, one command at a time."""

    def __init__(self, port: int, timeout: float = 10):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self.file = self.socket.makefile("rb")

    def close(self) -> None:
        self.file.close()
        self.socket.close()

    def send(self, *words: str) -> None:
        parts = [b"*%d\r\n" % len(words)]
        for word in words:
            raw = word.encode()
            parts.append(b"$%d\r\n%s\r\n" % (len(raw), raw))
        self.socket.sendall(b"".join(parts))

    def receive(self):
        line = self.file.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("the server closed the connection")
        kind, text = line[:1], line[1:-2].decode()
        if kind == b"-":
            raise ReplyError(text)
        if kind == b":":
            return int(text)
        if kind == b"$":
            return None if text == "-1" else self.file.read(int(text) + 2)[:-2].decode()
        if kind == b"*":
            return [self.receive() for _ in range(int(text))]
        return text

    def call(self, *words: str):
        self.send(*words)
        return self.receive()


def free_ports(count: int) -> list[int]:
    """Ports that nobody uses now."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def until(condition, seconds: float = 20):
    """The first true value of `condition()`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise TimeoutError(f"nothing came of {condition}")


class Cluster:
    """Nodes 1..count of one cluster, each with a data directory; all gone at the end of `with`."""

    def __init__(self, program: str, count: int = 3, options: tuple[str, ...] = ()):
        self.program, self.ids, self.options = program, range(1, count + 1), options
        ports = free_ports(2 * count)
        self.client_ports = dict(zip(self.ids, ports[:count]))
        self.peer_ports = dict(zip(self.ids, ports[count:]))
        self.processes: dict[int, subprocess.Popen] = {}

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="raftkv-")
        for node in self.ids:
            self.start(node)
        return self

    def __exit__(self, *_):
        for process in self.processes.values():
            process.kill()
            process.wait()
            process.stdout.close()
        self.folder.cleanup()

    def data(self, node: int) -> pathlib.Path:
        return pathlib.Path(self.folder.name) / f"n{node}"

    def log(self, node: int) -> str:
        return (pathlib.Path(self.folder.name) / f"n{node}.log").read_text()

    def command(self, node: int) -> list[str]:
        peers = ",".join(f"{i}=127.0.0.1:{port}" for i, port in self.peer_ports.items())
        return [self.program, "serve", "--id", str(node), "--peers", peers, "--listen",
                f"127.0.0.1:{self.client_ports[node]}", "--data", str(self.data(node)), *self.options]

    def start(self, node: int) -> None:
        with open(f"{self.folder.name}/n{node}.log", "a") as log:
            process = subprocess.Popen(self.command(node), stdout=subprocess.PIPE, stderr=log, text=True)
        self.processes[node] = process
        expected = f"ready id={node} listen=127.0.0.1:{self.client_ports[node]}\n"
        line = process.stdout.readline()
        assert line == expected, f"node {node} says {line!r}, not {expected!r}: {self.log(node)}"

    def end(self, node: int, number: signal.Signals) -> int:
        process = self.processes.pop(node)
        process.send_signal(number)
        code = process.wait(timeout=10)
        process.stdout.close()
        return code

    def client(self, node: int) -> Client:
        return Client(self.client_ports[node])

    def info(self, node: int) -> dict[str, str]:
        client = self.client(node)
        try:
            lines = client.call("INFO", "raft").splitlines()
        finally:
            client.close()
        return dict(line.split(":", 1) for line in lines if ":" in line)

    def leader(self) -> int:
        """The node that leads now, as it says itself."""
        def find():
            return next((i for i in self.processes if self.info(i)["role"] == "leader"), None)
        return until(find)
