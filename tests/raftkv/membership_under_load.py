#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Changes everything about a raftkv cluster while clients write, and says what they noticed.

    tests/raftkv/membership_under_load.py build/dev/bin/raftkv

Three nodes on this machine; redis-benchmark at each, and writers that keep account of every acknowledged write. Then:
two nodes are added, the first leader is removed, leadership is transferred ten times, every node is restarted. At the
end all that was acknowledged is read back. Exit code 0 if nothing was lost, each step succeeded, and no writer waited
longer than an election timeout for its next write while leadership was transferred; else 1.
"""
import argparse
import itertools
import pathlib
import shutil
import signal
import subprocess
import sys
import time

from cluster import Cluster, ReplyError, until
from load import Benchmarks, Writers

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "packaging"))
import raftkv_roll  # noqa: E402

ORDINARY_S = 1.5  # Quiet time around each step.


class StepFailed(Exception):
    """An operator's command did not do what it should; the message says which, and what it said."""


class Members(Cluster):
    """Nodes 1 to 3 of a cluster; those after them are started to be added to it."""

    def __init__(self, program: str, options: tuple[str, ...]):
        super().__init__(program, 5, options)
        self.up: list[int] = []

    def __enter__(self):
        self.ids = range(1, 4)
        super().__enter__()
        self.up = list(self.ids)
        return self

    def command(self, node: int) -> list[str]:
        founders = [1, 2, 3] + ([node] if node > 3 else [])
        peers = ",".join(f"{i}=127.0.0.1:{self.peer_ports[i]}" for i in founders)
        return [self.program, "serve", "--id", str(node), "--peers", peers, "--listen",
                f"127.0.0.1:{self.client_ports[node]}", "--data", str(self.data(node)),
                "--join", "yes" if node > 3 else "no", *self.options]

    def nodes(self) -> str:
        return ",".join(f"127.0.0.1:{self.client_ports[node]}" for node in self.up)

    def ask(self, *words: str, patience_s: float = 0) -> None:
        """An operator's command; tried again for so long while the answer is no (exit code 1)."""
        end = time.monotonic() + patience_s
        while True:
            done = subprocess.run([self.program, *words, "--nodes", self.nodes()], capture_output=True, text=True,
                                  check=False)
            if done.returncode == 0:
                return
            if done.returncode != 1 or time.monotonic() > end:
                said = (done.stderr or done.stdout).strip()
                raise StepFailed(f"raftkv {' '.join(words)}: exit code {done.returncode}: {said}")
            time.sleep(0.1)


class Steps:
    """What is done to the cluster, one step after the other, and what its writers noticed of each."""

    def __init__(self, cluster: Members, writers: Writers):
        self.cluster, self.writers, self.transfers_s = cluster, writers, []

    def step(self, name: str, deed) -> float:
        """Does it, and lets the cluster be for a while; returns the longest that a writer waited, in seconds."""
        begin = time.monotonic()
        deed()
        took = time.monotonic() - begin
        time.sleep(ORDINARY_S)
        told = self.writers.account(begin, time.monotonic())
        print(f"{name:34} {took:7.2f} {told.acknowledged:10} {told.refused:8} {told.unknown:8} "
              f"{1000 * told.longest_gap_s:9.0f}", flush=True)
        return told.longest_gap_s

    def add(self, node: int) -> None:
        self.cluster.start(node)
        self.cluster.ask("add", str(node), f"127.0.0.1:{self.cluster.peer_ports[node]}", patience_s=10)
        self.cluster.ask("promote", str(node), patience_s=60)
        self.cluster.up.append(node)
        self.writers.use(self.cluster.up)

    def remove_leader(self, leader: int) -> None:
        self.cluster.ask("remove", str(leader), patience_s=10)
        self.cluster.up.remove(leader)
        self.writers.use(self.cluster.up)
        time.sleep(0.2)  # Who was under way to it comes to an end.
        self.cluster.end(leader, signal.SIGTERM)

    def transfer(self, to: int) -> None:
        self.cluster.ask("transfer", str(to), patience_s=5)
        if self.cluster.leader() != to:
            raise StepFailed(f"leadership was handed to node {to}, and node {self.cluster.leader()} leads")

    def roll(self) -> None:
        def restart(node: dict) -> None:
            self.cluster.end(node["id"], signal.SIGTERM)
            self.cluster.start(node["id"])
        raftkv_roll.Roller(self.cluster.program, self.cluster.nodes(), 60).roll(restart)

    def run(self, transfers: int) -> None:
        print(f"{'step':34} {'seconds':>7} {'acked':>10} {'refused':>8} {'unknown':>8} {'gap ms':>9}")
        self.step("nothing", lambda: None)
        for node in (4, 5):
            self.step(f"node {node} is added", lambda node=node: self.add(node))
        leader = self.cluster.leader()
        self.step(f"node {leader}, the leader, is removed", lambda: self.remove_leader(leader))
        heirs = itertools.cycle(self.cluster.up)
        for _ in range(transfers):
            to = next(heir for heir in heirs if heir != self.cluster.leader())
            self.transfers_s.append(self.step(f"leadership goes to node {to}", lambda to=to: self.transfer(to)))
        self.step("all nodes are restarted", self.roll)


def judge(steps: Steps, election_ms: int, writers: Writers, lost: list[str]) -> bool:
    worst = 1000 * max(steps.transfers_s, default=0)
    prompt = worst <= election_ms
    print(f"longest gap over {len(steps.transfers_s)} transfers: {worst:.0f} ms; one election timeout is "
          f"{election_ms} ms: {'met' if prompt else 'MISSED'}")
    for error, count in sorted(writers.errors.items(), key=lambda item: -item[1]):
        print(f"writers saw {count} times: {error}")
    print(f"acknowledged writes: {writers.acknowledged()}; lost: {len(lost)}")
    for key in lost[:10]:
        print(f"LOST: {key}")
    return prompt and not lost


def changed_under_load(options: argparse.Namespace) -> bool:
    words = ("--snapshot-entries", "20000", "--election-min-ms", str(options.election_ms),
             "--election-max-ms", str(2 * options.election_ms))
    with Members(options.raftkv, words) as cluster:
        cluster.leader()
        writers = Writers(cluster, options.writers)
        benchmarks = Benchmarks(cluster)
        steps, failure = Steps(cluster, writers), None
        writers.start()
        benchmarks.start()
        try:
            until(lambda: writers.acknowledged() > 100)
            steps.run(options.transfers)
        except (StepFailed, raftkv_roll.NotReady, TimeoutError) as trouble:
            failure = trouble
        benchmarks.stop()
        writers.stop()
        if failure:
            print(f"FAILED: {failure}")
        for line in benchmarks.report():
            print(line)
        try:
            lost = writers.lost()
        except (OSError, ReplyError, TimeoutError) as trouble:
            print(f"FAILED: what was written cannot be read back: {trouble}")
            return False
        return judge(steps, options.election_ms, writers, lost) and failure is None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0],
                                     epilog="needs redis-benchmark (Debian: redis-tools)")
    parser.add_argument("raftkv", metavar="PROGRAM", help="the raftkv to run")
    parser.add_argument("--transfers", type=int, default=10, metavar="N", help="of leadership [10]")
    parser.add_argument("--writers", type=int, default=4, metavar="N", help="clients that keep account [4]")
    parser.add_argument("--election-ms", type=int, default=300, metavar="MS",
                        help="silence of the leader before an election; also what no transfer may last [300]")
    parser.add_argument("--seaworthy", metavar="PROGRAM",
                        help="then also: PROGRAM check --target raftkv --plan membership")
    options = parser.parse_args()
    if shutil.which("redis-benchmark") is None:
        parser.error("redis-benchmark is not there: apt-get install redis-tools")
    well = changed_under_load(options)
    if options.seaworthy:
        command = [options.seaworthy, "check", "--target", "raftkv", "--plan", "membership", "--time", "30"]
        print(" ".join(command), flush=True)
        well = subprocess.run(command, check=False).returncode == 0 and well
    print("well" if well else "NOT WELL")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
