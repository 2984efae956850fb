# SPDX-License-Identifier: Apache-2.0
"""What is put to each system, and the goals (docs/bench.md says where they come from)."""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Case:
    connections: int
    depth: int
    of_ceiling: float  # Throughput, at least.

    @property
    def name(self) -> str:
        return f"{self.connections}" if self.depth == 1 else f"{self.connections} x {self.depth}"


CASES = (Case(1, 1, 0.80), Case(10, 1, 0.80), Case(100, 1, 0.65), Case(1000, 1, 0.65), Case(100, 10, 0.45))
P99_OF_CEILING = 2.0
TIMES_ETCD = 10.0
ETCD_CASE = "100"

# Absolute figures that a quiet machine of two cores should show.
# case: operations a second, p50 ms, p99 ms; None: no goal.
ABSOLUTE = {
    ("set", "1"): (4_000, 0.22, 0.6),
    ("set", "10"): (14_000, None, None),
    ("set", "100"): (50_000, None, 4.0),
    ("set", "1000"): (60_000, None, None),
    ("set", "100 x 10"): (200_000, None, 12.0),
    ("get", "1"): (None, 0.10, None),
    ("get", "100"): (60_000, None, None),
}
# With 1,000 under way on 100 connections; on as many connections no server can do with less than two
# calls a write, one to read and one to send.
CPU_PER_10K = {"1": 2.0, "100": 0.20, "100 x 10": 0.05}
CALLS_PER_WRITE = {"1": 25.0, "100": 4.0, "100 x 10": 1.0}
IDLE_MB = 6.0
PEAK_MB = 40.0
IDLE_CPU_PERCENT = 0.3
# Beyond what was written meanwhile, at a node whose follower or disk stands still.
STALL_MB = 64.0
# Of core_bench.
CORE_GOALS = {
    "entries_per_s_at_1": (1_500_000, ">=", "entries a second, one a batch"),
    "entries_per_s_at_100": (4_000_000, ">=", "entries a second, 100 a batch"),
    "allocations_per_entry_at_1": (0.0, "<=", "allocations per entry in the steady state, one a batch"),
    "allocations_per_entry_at_100": (0.0, "<=", "allocations per entry in the steady state, 100 a batch"),
    "idle_group_kib": (1.0, "<=", "memory of an idle group, one node, KiB"),
}
