# SPDX-License-Identifier: Apache-2.0
"""Runs the load generator against one system."""
import json
import os
import pathlib
import subprocess
import time

from cases import Case
from meters import cpu_seconds, machine_cpu_seconds
from systems import Cluster, Failed, die_with_parent


# Of the machine's processors, taken by others: beyond, a measurement says little.
BUSY = 0.05


class Loader:
    def __init__(self, program: pathlib.Path, warmup: float, seconds: float, patience: float):
        """`patience`: seconds to spend, in all, on measuring again what others disturbed."""
        self.program = program
        self.warmup = warmup
        self.seconds = seconds
        self.patience = patience
        self.leader_changes = 0  # Measurements that were thrown away for it;
        self.disturbed = 0  # or because others were busy;
        self.taken_busy = 0  # and those that count though others were.
        self.taken = 0

    def words(self, cluster: Cluster, port: int, operation: str, case: Case, *more: str) -> list[str]:
        return [str(self.program), "--port", str(port), "--protocol", cluster.protocol, "--operation", operation,
                "--connections", str(case.connections), "--depth", str(case.depth), *more]

    def fill(self, cluster: Cluster) -> None:
        """Each key once."""
        words = self.words(cluster, cluster.leader_port(), "fill", Case(10, 10, 0))
        _result(words, cluster, subprocess.run(words, capture_output=True, text=True, check=False))

    def measure(self, cluster: Cluster, operation: str, case: Case) -> dict:
        """At the leader. Again if leadership was lost meanwhile, or if others were busy and there is
        patience left."""
        lost = 0
        while lost < 3:
            began = time.monotonic()
            port = cluster.leader_port()
            before, all_before = cpu_seconds(cluster.pids()), machine_cpu_seconds()
            begun = time.monotonic()
            words = self.words(cluster, port, operation, case, "--warmup", str(self.warmup), "--seconds",
                               str(self.seconds))
            run = subprocess.run(words, capture_output=True, text=True, check=False, preexec_fn=die_with_parent)
            took = time.monotonic() - begun
            used, used_by_all = cpu_seconds(cluster.pids()) - before, machine_cpu_seconds() - all_before
            if cluster.leader_port() != port:
                self.leader_changes += 1
                lost += 1
                continue
            result = _result(words, cluster, run)
            result["cpu_per_10k"] = used / result["total"] * 10_000
            result["others"] = max(0.0, used_by_all - used - result["cpu_s"]) / took / (os.cpu_count() or 1)
            if result["others"] > BUSY and self.patience > 0:
                self.disturbed += 1
                self.patience -= time.monotonic() - began
                continue
            self.taken += 1
            self.taken_busy += result["others"] > BUSY
            return result
        raise Failed(f"{cluster.name}: its leader changed in three measurements of {self.seconds} s")

    def begin(self, cluster: Cluster, operation: str, case: Case, seconds: float) -> subprocess.Popen:
        """In the background."""
        words = self.words(cluster, cluster.leader_port(), operation, case, "--warmup", "0", "--seconds", str(seconds))
        return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                preexec_fn=die_with_parent)

    @staticmethod
    def end(run: subprocess.Popen, cluster: Cluster) -> dict:
        out, error = run.communicate()
        return _result(run.args, cluster, subprocess.CompletedProcess(run.args, run.returncode, out, error))


def _result(words, cluster: Cluster, run: subprocess.CompletedProcess) -> dict:
    if run.returncode != 0:
        raise Failed(f"{cluster.name}: {' '.join(words[1:])}: {run.stderr.strip()} {run.stdout.strip()}")
    return json.loads(run.stdout)
