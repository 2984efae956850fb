# SPDX-License-Identifier: Apache-2.0
"""The systems that are measured: three processes each on 127.0.0.1, with data in a folder each.

What is started here dies with the process that started it, however that ends.
"""
import ctypes
import json
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

PATIENCE = 30.0  # Seconds for a cluster to become ready.
_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """For preexec_fn."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Failed(Exception):
    """A sentence for the user."""


class Ports:
    """Hands out ports of a range, those that are free."""

    def __init__(self, first: int):
        self._next = first

    def take(self) -> int:
        while self._next < 65536:
            port, self._next = self._next, self._next + 1
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", port))
                    return port
                except OSError:
                    continue
        raise Failed("no port is free")


class Cluster:
    """Three processes. Subclasses say how they are started and who leads."""

    name = ""
    protocol = "resp"

    def __init__(self, folder: pathlib.Path, ports: Ports):
        self.folder = folder
        self.processes: list[subprocess.Popen] = []
        self.peer_ports = [ports.take() for _ in range(3)]
        self.client_ports = [ports.take() for _ in range(3)]
        folder.mkdir(parents=True, exist_ok=True)

    def start(self, prefix: tuple[str, ...] = (), environment: dict | None = None) -> None:
        """Starts all three and waits until there is a leader. `prefix`: words before each program."""
        raise NotImplementedError

    def leader(self) -> int | None:
        """Which of the three leads, if one does."""
        raise NotImplementedError

    def run(self, words: list[str], environment: dict | None = None) -> subprocess.Popen:
        log = open(self.folder / f"log{len(self.processes) + 1}", "ab")
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment,
                                   preexec_fn=die_with_parent)
        log.close()
        self.processes.append(process)
        return process

    def pids(self) -> list[int]:
        return [process.pid for process in self.processes]

    def wait_for_leader(self) -> int:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            for number, process in enumerate(self.processes, 1):
                if process.poll() is not None:
                    tail = (self.folder / f"log{number}").read_text(errors="replace").strip().splitlines()[-1:]
                    raise Failed(f"{self.name}: node {number} ended: {''.join(tail)}")
            leader = self.leader()
            if leader is not None:
                return leader
            time.sleep(0.05)
        raise Failed(f"{self.name}: no leader within {PATIENCE:.0f} s, see {self.folder}")

    def leader_port(self) -> int:
        return self.client_ports[self.wait_for_leader()]

    def stop(self, keep: bool = False) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
        for process in self.processes:
            process.wait()
        self.processes = []
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)


class Ceiling(Cluster):
    name = "ceiling"

    def __init__(self, folder: pathlib.Path, ports: Ports, program: pathlib.Path, megabytes: int):
        super().__init__(folder, ports)
        self.program = program
        self.megabytes = megabytes

    def start(self, prefix=(), environment=None) -> None:
        def words(node: int, ports: list[int]) -> list[str]:
            return [*prefix, str(self.program), str(self.folder / f"blocks{node}"), str(self.megabytes),
                    *map(str, ports)]
        # Followers first: the leader connects once. Then in the order of the other systems.
        followers = [self.run(words(node, [self.peer_ports[node]]), environment) for node in (1, 2)]
        for node in (1, 2):
            self._wait_ready(node)
        self.run(words(0, [self.client_ports[0], self.peer_ports[1], self.peer_ports[2]]), environment)
        self._wait_ready(3)
        self.processes = [self.processes[2], *followers]

    def _wait_ready(self, log: int) -> None:
        deadline = time.monotonic() + PATIENCE
        while "ready" not in (self.folder / f"log{log}").read_text():
            if time.monotonic() > deadline or self.processes[log - 1].poll() is not None:
                raise Failed(f"the ceiling does not start: {(self.folder / f'log{log}').read_text()}")
            time.sleep(0.02)

    def leader(self) -> int:
        return 0

    def stop(self, keep: bool = False) -> None:
        super().stop(keep=True)
        for log in self.folder.glob("log*"):
            log.unlink()
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)


class Raftkv(Cluster):
    name = "raftkv"

    def __init__(self, folder: pathlib.Path, ports: Ports, program: pathlib.Path, options: tuple[str, ...] = ()):
        super().__init__(folder, ports)
        self.program = program
        self.options = options

    def start(self, prefix=(), environment=None) -> None:
        peers = ",".join(f"{node + 1}=127.0.0.1:{port}" for node, port in enumerate(self.peer_ports))
        for node, port in enumerate(self.client_ports):
            self.run([*prefix, str(self.program), "serve", "--id", str(node + 1), "--peers", peers, "--listen",
                      f"127.0.0.1:{port}", "--data", str(self.folder / f"data{node + 1}"), *self.options], environment)
        self.wait_for_leader()

    def info(self, node: int) -> dict[str, str]:
        """INFO raft of one node; nothing if it does not answer."""
        try:
            with socket.create_connection(("127.0.0.1", self.client_ports[node]), 1) as connection:
                connection.settimeout(1)
                connection.sendall(b"INFO raft\r\n")
                answer = b""
                while not re.match(rb"\$(\d+)\r\n", answer) or len(answer) < _bulk_size(answer):
                    more = connection.recv(65536)
                    if not more:
                        return {}
                    answer += more
        except OSError:
            return {}
        return dict(line.split(":", 1) for line in answer.decode().splitlines() if ":" in line)

    def leader(self) -> int | None:
        said = [self.info(node) for node in range(3)]
        leaders = [node for node in range(3) if said[node].get("role") == "leader"]
        if len(leaders) != 1 or any(one.get("leader") != str(leaders[0] + 1) for one in said):
            return None
        return leaders[0]


def _bulk_size(answer: bytes) -> int:
    head = re.match(rb"\$(\d+)\r\n", answer)
    assert head
    return head.end() + int(head.group(1)) + 2


class Etcd(Cluster):
    name = "etcd"
    protocol = "etcd"

    def start(self, prefix=(), environment=None) -> None:
        urls = [f"http://127.0.0.1:{port}" for port in self.peer_ports]
        members = ",".join(f"n{node}={url}" for node, url in enumerate(urls))
        for node, port in enumerate(self.client_ports):
            client = f"http://127.0.0.1:{port}"
            self.run([*prefix, "etcd", "--name", f"n{node}", "--data-dir", str(self.folder / f"data{node}"),
                      "--initial-advertise-peer-urls", urls[node], "--listen-peer-urls", urls[node],
                      "--listen-client-urls", client, "--advertise-client-urls", client,
                      "--initial-cluster", members, "--initial-cluster-token", self.folder.name,
                      "--quota-backend-bytes", str(8 << 30), "--log-level", "error"], environment)
        self.wait_for_leader()

    def leader(self) -> int | None:
        for node, port in enumerate(self.client_ports):
            request = urllib.request.Request(f"http://127.0.0.1:{port}/v3/maintenance/status", b"{}")
            try:
                with urllib.request.urlopen(request, timeout=1) as answer:
                    status = json.load(answer)
            except (OSError, urllib.error.URLError, ValueError):
                return None
            if status.get("leader") and status["leader"] == status["header"]["member_id"]:
                return node
        return None
