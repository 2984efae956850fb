# SPDX-License-Identifier: Apache-2.0
"""How fast raftkv is, beside a ceiling and etcd: docs/bench.md. Run by tools/bench-raftkv.sh."""
import argparse
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import costs
from cases import CORE_GOALS
from loads import BUSY, Loader
from meters import load_of_machine
from report import Report
from systems import Ceiling, Cluster, Etcd, Failed, Ports, Raftkv
from throughput import Throughput

PARTS = ("throughput", "calls", "memory", "stalls", "core")


class Bench:
    def __init__(self, options: argparse.Namespace, folder: pathlib.Path):
        self.options = options
        self.folder = folder
        self.ports = Ports(options.first_port)
        self.programs = options.build / "bench" / "raftkv"
        self.loader = Loader(self.programs / "kv_load", options.warmup, options.seconds,
                             options.patience)
        self.report = Report()
        self.throughput = Throughput()
        self.ceiling = Ceiling(folder / "ceiling", self.ports, self.programs / "ceiling", options.ceiling_megabytes)
        self.started: list[Cluster] = []
        self.fresh = 0

    def start(self, cluster: Cluster, **how) -> Cluster:
        self.started.append(cluster)
        cluster.start(**how)
        return cluster

    def raftkv(self) -> Raftkv:
        self.fresh += 1
        return Raftkv(self.folder / f"raftkv{self.fresh}", self.ports, self.options.build / "bin" / "raftkv",
                      tuple(self.options.raftkv_option))

    def all_systems(self) -> list[Cluster]:
        clusters = [self.start(self.raftkv()), self.start(self.ceiling)]
        if shutil.which("etcd") is None:
            self.report.note("etcd is not installed: without it")
        elif not self.options.without_etcd:
            clusters.append(self.start(Etcd(self.folder / f"etcd{self.fresh}", self.ports)))
        return clusters

    def stop(self) -> None:
        for cluster in self.started:
            cluster.stop(keep=cluster is self.ceiling)
        self.started = []

    def run(self) -> None:
        parts = self.options.part or PARTS
        if "throughput" in parts:
            for turn in range(self.options.rounds):
                self.report.note(f"round {turn + 1} of {self.options.rounds}, "
                                 f"load of the machine {load_of_machine():.1f}")
                self.throughput.take(self.all_systems(), self.loader, turn)
                self.stop()
            self.throughput.tell(self.report)
            self.how_well()
        if "calls" in parts:
            costs.system_calls(self.all_systems(), self.loader, self.report)
            self.stop()
            costs.syncs(self.start(self.raftkv()), self.loader, self.report)
            self.stop()
        if "memory" in parts:
            cluster = self.start(self.raftkv())
            costs.idle(cluster, self.options.seconds, self.report)
            costs.peak(cluster, self.loader, self.report)
            self.stop()
        if "stalls" in parts:
            self.stalls()
        if "core" in parts:
            self.core()

    def how_well(self) -> None:
        loader = self.loader
        self.report.note(f"{loader.taken} measurements; thrown away: {loader.leader_changes} because leadership was "
                         f"lost, {loader.disturbed} because others used more than {BUSY:.0%} of the processors")
        if loader.taken_busy:
            self.report.note(f"BUSY MACHINE: in {loader.taken_busy} of them others used more than that. Throughput and "
                             "latency, and their ratios, mean little")

    def stalls(self) -> None:
        cluster = self.start(self.raftkv())
        costs.Stall(cluster, self.loader, self.report, self.options.stall).slow_follower()
        self.stop()
        switch = self.folder / "stuck"
        environment = {**os.environ, "LD_PRELOAD": str(self.programs / "libstuck_disk.so"), "STUCK_DISK": str(switch)}
        cluster = self.start(self.raftkv(), environment=environment)
        costs.Stall(cluster, self.loader, self.report, self.options.stall).stuck_disk(switch)
        self.stop()

    def core(self) -> None:
        run = subprocess.run([str(self.programs / "core_bench")], capture_output=True, text=True, check=True)
        self.report.title("the core alone: three nodes in one thread, entries of 256 bytes")
        for name, value in json.loads(run.stdout).items():
            goal, sign, words = CORE_GOALS[name]
            self.report.goal(words, value, goal, sign)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tools/bench-raftkv.sh", description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build/release"))
    parser.add_argument("--quick", action="store_true", help="one short round: that everything works, not how fast")
    parser.add_argument("--rounds", type=int, help="default: 5")
    parser.add_argument("--warmup", type=float, help="seconds that are not counted; default: 1")
    parser.add_argument("--seconds", type=float, help="of a measurement; default: 3")
    parser.add_argument("--stall", type=float, help="seconds for which a follower or disk stands still; default: 5")
    parser.add_argument("--patience", type=float,
                        help="seconds to spend on measuring again while others use the processors; default: 120")
    parser.add_argument("--part", action="append", choices=PARTS, help="only that; may be given more than once")
    parser.add_argument("--without-etcd", action="store_true")
    parser.add_argument("--raftkv-option", action="append", default=[], help="for each node: --raftkv-option=--WORD")
    parser.add_argument("--data", type=pathlib.Path, help="where the data lies: a folder on a real disk")
    parser.add_argument("--ceiling-megabytes", type=int, default=256)
    parser.add_argument("--first-port", type=int, default=21_000)
    parser.add_argument("--json", type=pathlib.Path, help="the figures, for programs")
    options = parser.parse_args()
    for name, usual, quick in (("rounds", 5, 1), ("warmup", 1.0, 0.2), ("seconds", 3.0, 0.5), ("stall", 5.0, 1.0),
                                ("patience", 120.0, 0.0)):
        if getattr(options, name) is None:
            setattr(options, name, quick if options.quick else usual)
    options.build = options.build.absolute()
    return options


def main() -> int:
    options = parse()
    where = options.data or options.build / "bench" / "raftkv"
    folder = pathlib.Path(tempfile.mkdtemp(prefix="data-", dir=where))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    bench = Bench(options, folder)
    kind = subprocess.run(["stat", "-f", "-c", "%T", str(folder)], capture_output=True, text=True, check=False)
    bench.report.note(f"{os.cpu_count()} processors, data on {kind.stdout.strip()}, {options.rounds} round(s) of "
                      f"{options.seconds:g} s after {options.warmup:g} s")
    began = time.monotonic()
    try:
        bench.run()
    except Failed as failure:
        print(f"bench-raftkv: {failure}", file=sys.stderr)
        return 3
    finally:
        bench.stop()
        shutil.rmtree(folder, ignore_errors=True)
    bench.report.summary()
    bench.report.note(f"took {time.monotonic() - began:.0f} s")
    if options.json:
        rounds = {" ".join(key): taken for key, taken in bench.throughput.rounds.items()}
        bench.report.save(options.json, {"rounds": rounds})
    return 0


if __name__ == "__main__":
    sys.exit(main())
