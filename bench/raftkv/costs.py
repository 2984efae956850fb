# SPDX-License-Identifier: Apache-2.0
"""What raftkv takes besides time: system calls, syncs, memory, and what it does while something it
depends on stands still."""
import os
import pathlib
import signal
import time

from cases import CALLS_PER_WRITE, CASES, IDLE_CPU_PERCENT, IDLE_MB, PEAK_MB, STALL_MB, Case
from loads import Loader
from meters import SyncTrace, Watch, counter, cpu_seconds, memory_kib
from report import Report
from systems import Cluster

PIPELINED = Case(100, 10, 0)


def system_calls(clusters: list[Cluster], loader: Loader, report: Report) -> None:
    """Runs of their own: to count costs time."""
    kind = counter()
    if kind is None:
        report.title("system calls: neither perf nor strace can count here")
        return
    report.title(f"system calls of all servers per write, counted by {kind.name}")
    report.row("", "", "calls/write")
    for cluster in clusters:
        for case in CASES:
            counting = kind(cluster.pids())
            result = loader.measure(cluster, "set", case)
            per_write = counting.stop() / result["total"]
            report.row(case.name, cluster.name, f"{per_write:.2f}")
            if cluster.name == "raftkv" and case.name in CALLS_PER_WRITE:
                report.goal(f"system calls per write, {case.name}", per_write, CALLS_PER_WRITE[case.name], "<=")


def syncs(cluster: Cluster, loader: Loader, report: Report) -> None:
    """Slow, call by call; the ratios are the same as at full speed."""
    if not SyncTrace.works():
        report.title("syncs: strace is not installed")
        return
    report.title("syncs of raftkv, traced (which slows it down)")
    report.row("", "", "writes/commit", "others/commit")
    for case in CASES:
        traces = [SyncTrace(pid, cluster.folder / f"trace{pid}") for pid in cluster.pids()]
        result = loader.measure(cluster, "set", case)
        for trace in traces:
            trace.stop()
        commits = [max(1, trace.commits) for trace in traces]
        others = max(trace.others / one for trace, one in zip(traces, commits))
        report.row(case.name, cluster.name, f"{result['total'] / min(commits):.1f}", f"{others:.2f}")
        worst = max(trace.syncs / one for trace, one in zip(traces, commits))
        report.goal(f"syncs per group commit of the busiest node, {case.name}", round(worst, 2), 1.0, "<=")


def idle(cluster: Cluster, seconds: float, report: Report) -> None:
    """A fresh cluster that has a leader and nothing to do."""
    time.sleep(1)
    before = cpu_seconds(cluster.pids())
    time.sleep(seconds)
    percent = (cpu_seconds(cluster.pids()) - before) / seconds * 100 / len(cluster.pids())
    most = max(memory_kib(pid)["VmRSS"] for pid in cluster.pids()) / 1024
    report.title("an idle raftkv")
    report.goal("memory of the largest process, MB", most, IDLE_MB, "<=")
    report.goal("CPU of one process, percent", percent, IDLE_CPU_PERCENT, "<=")


def peak(cluster: Cluster, loader: Loader, report: Report) -> None:
    result = loader.measure(cluster, "set", Case(1000, 1, 0))
    most = max(memory_kib(pid)["VmHWM"] for pid in cluster.pids()) / 1024
    report.title("raftkv after writes of 1,000 clients")
    report.note(f"{result['total']:,} writes, {result['total'] * 265 / 1e6:.0f} MB of keys and values")
    report.goal("peak memory of the largest process, MB", most, PEAK_MB, "<=")


class Stall:
    """Memory of `victim` while something stands still under load, beside the same load without."""

    def __init__(self, cluster: Cluster, loader: Loader, report: Report, seconds: float):
        self.cluster = cluster
        self.loader = loader
        self.report = report
        self.seconds = seconds

    def slow_follower(self) -> None:
        """SIGSTOP: its connections stay, it reads nothing."""
        leader = self.cluster.wait_for_leader()
        follower = self.cluster.pids()[(leader + 1) % 3]
        self.report.title(f"a follower is stopped for {self.seconds:.0f} s under load ({PIPELINED.name})")
        self._compare(self.cluster.pids()[leader], lambda: os.kill(follower, signal.SIGSTOP),
                      lambda: os.kill(follower, signal.SIGCONT), "the leader's")

    def stuck_disk(self, switch: pathlib.Path) -> None:
        """Writes and syncs of the leader do not return while `switch` is there (stuck_disk.cc)."""
        leader = self.cluster.wait_for_leader()
        self.report.title(f"the leader's disk is stuck for {self.seconds:.0f} s under load ({PIPELINED.name})")
        mine = pathlib.Path(f"{switch}.{self.cluster.pids()[leader]}")
        self._compare(self.cluster.pids()[leader], mine.touch, mine.unlink, "the leader's", answers=False)

    def _compare(self, pid: int, begin, end, whose: str, answers: bool = True) -> None:
        usual, usual_growth = self._under_load(pid, lambda: None, lambda: None)
        result, growth = self._under_load(pid, begin, end)
        per_write = max(0.0, usual_growth / usual["total"])
        beyond = growth - per_write * result["total"]
        self.report.note(f"before: {usual['total']:,} writes, {whose} memory grew by {usual_growth / 1024:.1f} MB")
        self.report.note(f"stopped: {result['total']:,} writes, it grew by {growth / 1024:.1f} MB"
                         + (f", longest wait {result['max_us'] / 1000:.0f} ms" if answers else ""))
        self.report.goal(f"{whose} memory beyond what was written, MB", beyond / 1024, STALL_MB, "<=")

    def _under_load(self, pid: int, begin, end) -> tuple[dict, int]:
        watch = Watch(pid)
        first = watch.look()
        run = self.loader.begin(self.cluster, "set", PIPELINED, self.seconds + 1)
        time.sleep(0.5)
        begin()
        try:
            until = time.monotonic() + self.seconds
            while time.monotonic() < until:
                watch.look()
                time.sleep(0.01)
        finally:
            end()
        result = self.loader.end(run, self.cluster)
        watch.look()
        return result, watch.most - first
