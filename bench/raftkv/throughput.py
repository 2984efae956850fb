# SPDX-License-Identifier: Apache-2.0
"""Writes and linearizable reads of all systems, taken in turn."""
import statistics

from cases import ABSOLUTE, CASES, CPU_PER_10K, ETCD_CASE, P99_OF_CEILING, TIMES_ETCD
from loads import Loader
from report import Report
from systems import Cluster

OPERATIONS = {"set": "writes", "get": "linearizable reads"}


class Throughput:
    """(operation, case, system) -> what each round measured."""

    def __init__(self) -> None:
        self.rounds: dict[tuple[str, str, str], list[dict]] = {}

    def take(self, clusters: list[Cluster], loader: Loader, turn: int) -> None:
        """One round: each case of each operation, the systems one after the other."""
        for cluster in clusters:
            loader.fill(cluster)
        for operation in OPERATIONS:
            for case in CASES:
                first = turn % len(clusters)
                for cluster in clusters[first:] + clusters[:first]:
                    measured = loader.measure(cluster, operation, case)
                    self.rounds.setdefault((operation, case.name, cluster.name), []).append(measured)

    def median(self, operation: str, case: str, system: str, figure: str) -> float | None:
        taken = self.rounds.get((operation, case, system))
        return statistics.median(one[figure] for one in taken) if taken else None

    def ratios(self, operation: str, case: str, system: str, other: str, figure: str) -> list[float]:
        """Each round's own: the machine changes less within a round."""
        pair = [self.rounds.get((operation, case, name), []) for name in (system, other)]
        return sorted(one[figure] / two[figure] for one, two in zip(*pair) if two[figure])

    def tell(self, report: Report) -> None:
        for operation, title in OPERATIONS.items():
            report.title(f"{title}, 256 bytes, three nodes; connections [x requests under way on each]")
            report.row("", "", "ops/s", "p50 ms", "p99 ms", "max ms", "CPU s/10k")
            for case in CASES:
                for system in ("raftkv", "ceiling", "etcd"):
                    figures = [self.median(operation, case.name, system, name)
                               for name in ("ops", "p50_us", "p99_us", "max_us", "cpu_per_10k")]
                    if figures[0] is None:
                        continue
                    ops, *times, cpu = figures
                    report.row(case.name, system, f"{ops:,.0f}", *(f"{time / 1000:.2f}" for time in times), f"{cpu:.3f}")
            self._judge(report, operation)

    def _judge(self, report: Report, operation: str) -> None:
        kind = OPERATIONS[operation]
        for case in CASES:
            ratios = self.ratios(operation, case.name, "raftkv", "ceiling", "ops")
            report.ratio_goal(f"{kind}, {case.name}: throughput of the ceiling's", ratios, case.of_ceiling, ">=")
            slow = self.ratios(operation, case.name, "raftkv", "ceiling", "p99_us")
            report.ratio_goal(f"{kind}, {case.name}: p99 of the ceiling's", slow, P99_OF_CEILING, "<=")
        times = self.ratios(operation, ETCD_CASE, "raftkv", "etcd", "ops")
        report.ratio_goal(f"{kind}, {ETCD_CASE}: throughput of etcd's", times, TIMES_ETCD, ">=")
        for case in CASES:
            goals = ABSOLUTE.get((operation, case.name), (None, None, None))
            for figure, goal, sign, scale in zip(("ops", "p50_us", "p99_us"), goals, (">=", "<=", "<="), (1, 1e3, 1e3)):
                value = self.median(operation, case.name, "raftkv", figure)
                if goal is not None and value is not None:
                    unit = "ops/s" if figure == "ops" else f"{figure[:3]} ms"
                    report.goal(f"{kind}, {case.name}: {unit}, on a quiet machine", value / scale, goal, sign)
            if operation == "set" and case.name in CPU_PER_10K:
                value = self.median(operation, case.name, "raftkv", "cpu_per_10k")
                report.goal(f"{kind}, {case.name}: CPU s of all servers / 10k", value, CPU_PER_10K[case.name], "<=")
