# SPDX-License-Identifier: Apache-2.0
"""Clients that keep a raftkv cluster busy and say what they noticed: writers of their own account, redis-benchmark."""
import collections
import dataclasses
import subprocess
import threading
import time

from cluster import Cluster, ReplyError, until


@dataclasses.dataclass
class Account:
    """Of a span of time, by all writers: what became of their writes, and the longest that one waited."""
    acknowledged: int
    refused: int
    unknown: int
    longest_gap_s: float


class Writer(threading.Thread):
    """Writes key after key, each once; goes to the next node when one does not answer."""

    def __init__(self, cluster: Cluster, name: str, nodes: list[int]):
        super().__init__(daemon=True)
        self.cluster, self.key, self.nodes = cluster, name, nodes
        self.stopping = False
        self.began = time.monotonic()
        self.acknowledged: list[tuple[float, str]] = []  # When, which.
        self.failed: list[tuple[float, str]] = []  # When, what was said.

    def connect(self, turn: int):
        nodes = self.nodes
        try:
            return self.cluster.client(nodes[turn % len(nodes)])
        except OSError:
            return None

    def run(self) -> None:
        client, turn = None, int(self.key[1:])
        for number in range(1 << 60):
            if self.stopping:
                break
            while client is None and not self.stopping:
                client = self.connect(turn)
                turn += 1
                if client is None:
                    time.sleep(0.005)
            key = f"{self.key}:{number}"
            try:
                client.call("SET", key, "value of " + key)
                self.acknowledged.append((time.monotonic(), key))
            except (OSError, ReplyError, AttributeError) as error:
                said = str(error) if isinstance(error, ReplyError) else "the connection ended (unknown)"
                self.failed.append((time.monotonic(), said))
                if not isinstance(error, ReplyError) or "was removed" in said:
                    client = None
        if client is not None:
            client.close()

    def longest_gap(self, begin: float, end: float) -> float:
        """Between acknowledged writes, as far as it lies in this span."""
        acked = list(self.acknowledged)
        inside = [at for at, _ in acked if begin <= at <= end]
        before = max((at for at, _ in acked if at < begin), default=self.began)
        times = [max(before, begin - 1), *inside] + ([end] if not inside else [])
        return max((later - sooner for sooner, later in zip(times, times[1:])), default=0)


class Writers:
    def __init__(self, cluster: Cluster, count: int):
        self.cluster = cluster
        self.all = [Writer(cluster, f"w{k}", list(cluster.ids)) for k in range(count)]

    def start(self) -> None:
        for writer in self.all:
            writer.start()

    def use(self, nodes: list[int]) -> None:
        """These are the nodes to ask from now on."""
        for writer in self.all:
            writer.nodes = list(nodes)

    def stop(self) -> None:
        for writer in self.all:
            writer.stopping = True
        for writer in self.all:
            writer.join(timeout=30)

    def acknowledged(self) -> int:
        return sum(len(writer.acknowledged) for writer in self.all)

    @property
    def errors(self) -> collections.Counter:
        return collections.Counter(said for writer in self.all for _, said in writer.failed)

    def account(self, begin: float, end: float) -> Account:
        failed = [said for writer in self.all for at, said in list(writer.failed) if begin <= at <= end]
        refused = sum(said.startswith("NOTDONE") for said in failed)
        return Account(sum(begin <= at <= end for writer in self.all for at, _ in list(writer.acknowledged)),
                       refused, len(failed) - refused,
                       max(writer.longest_gap(begin, end) for writer in self.all))

    def lost(self) -> list[str]:
        """Keys of acknowledged writes that are not there. All are read, through one node after the other."""
        keys = [key for writer in self.all for _, key in writer.acknowledged]
        lost = []
        for number, first in enumerate(range(0, len(keys), 500)):
            some = keys[first:first + 500]
            node = self.all[0].nodes[number % len(self.all[0].nodes)]
            values = until(lambda some=some, node=node: self.read(node, some))
            lost += [key for key, value in zip(some, values) if value != "value of " + key]
        return lost

    def read(self, node: int, keys: list[str]):
        """Nothing if the node does not answer now."""
        try:
            client = self.cluster.client(node)
            try:
                return client.call("MGET", *keys)
            finally:
                client.close()
        except (OSError, ReplyError):
            return None


class Benchmarks:
    """redis-benchmark at each node, started again when it ends: it gives up when its node is stopped."""

    def __init__(self, cluster: Cluster):
        self.cluster, self.stopping = cluster, False
        self.runs, self.broken, self.errors = 0, 0, collections.Counter()
        self.lock = threading.Lock()
        self.processes: dict[int, subprocess.Popen] = {}
        self.threads = [threading.Thread(target=self.run, args=(node,), daemon=True) for node in cluster.ids]

    def start(self) -> None:
        for thread in self.threads:
            thread.start()

    def stop(self) -> None:
        self.stopping = True
        with self.lock:
            for process in self.processes.values():
                process.kill()
        for thread in self.threads:
            thread.join(timeout=10)

    def run(self, node: int) -> None:
        command = ["redis-benchmark", "-p", str(self.cluster.client_ports[node]), "-c", "4", "-n", "20000", "-d", "256",
                   "-r", "10000", "-t", "set,get", "-q"]
        while not self.stopping:
            with self.lock:
                process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
                self.processes[node] = process
            out, _ = process.communicate()
            if self.stopping:
                return
            errors = [line.strip() for line in out.replace("\r", "\n").splitlines() if "rror" in line]
            with self.lock:
                self.runs += process.returncode == 0
                self.broken += process.returncode != 0
                self.errors.update(line.split(" from ")[-1][:100] for line in errors)
            if process.returncode != 0:
                time.sleep(0.2)  # Its node is away.

    def report(self) -> list[str]:
        lines = [f"redis-benchmark: {self.runs} runs of 40000 commands ended well, {self.broken} gave up (node away)"]
        return lines + [f"redis-benchmark saw {count} times: {said}" for said, count in self.errors.most_common(8)]
