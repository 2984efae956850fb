#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""failing_disk_test.py RAFTKV SHIM: the k-th write, sync, or read of a snapshot, of one of three nodes fails with EIO. It stops with a
sentence that names the file and exit code 4, whether it starts, follows or leads; nothing that was acknowledged is
lost; and it comes back."""
import os
import signal
import subprocess
import sys
import tempfile
import unittest

from cluster import Cluster, ReplyError, until
from load import Writers

PROGRAM, SHIM = sys.argv.pop(1), sys.argv.pop(1)
STORAGE_FAILED = 4
PLACES = (1, 2, 3, 4, 7, 30, 100)


class FailingDisk(unittest.TestCase):
    def check(self, storage: str, call: str) -> None:
        with Cluster(PROGRAM, options=("--storage", storage)) as cluster:
            victim = 1
            writers = Writers(cluster, 1)
            self.addCleanup(writers.stop)
            writers.use([2, 3])
            cluster.leader()
            writers.start()
            for place in PLACES:
                cluster.end(victim, signal.SIGKILL)
                self.fail_at(cluster, victim, call, place)
                before = writers.acknowledged()
                until(lambda before=before: writers.acknowledged() > before + 10)
                cluster.start(victim)
                until(lambda: cluster.info(victim)["leader"] != "0")
            writers.stop()
            writers.use([victim])
            self.assertGreater(writers.acknowledged(), 100)
            self.assertEqual(writers.lost(), [])
            self.assertEqual(cluster.info(victim)["damage_found"], "0")

    def fail_at(self, cluster: Cluster, victim: int, call: str, place: int) -> None:
        environment = {**os.environ, "LD_PRELOAD": SHIM, "FAIL_CALL": call, "FAIL_AT": str(place)}
        with open(f"{cluster.folder.name}/failing.log", "w+") as log:
            process = subprocess.Popen(cluster.command(victim), stdout=subprocess.PIPE, stderr=log, env=environment)
            try:
                if process.stdout.readline() and place % 2 == 0:
                    self.ask_to_lead(cluster, victim, process)
                self.assertEqual(process.wait(timeout=20), STORAGE_FAILED)
            finally:
                process.kill()
                process.wait()
                process.stdout.close()
            log.seek(0)
            last = log.read().splitlines()[-1]
        self.assertRegex(last, rf"cannot (write|sync)( the directory)? {cluster.data(victim)}.*: Input/output error")

    def ask_to_lead(self, cluster: Cluster, victim: int, process: subprocess.Popen) -> None:
        """Until it does, or is gone."""
        def leads() -> bool:
            if process.poll() is not None:
                return True
            for node in (2, 3):
                client = cluster.client(node)
                try:
                    if client.call("RAFT", "TRANSFER", str(victim)) == "OK":
                        return True
                except ReplyError:
                    pass  # It does not lead, or the other has not caught up.
                finally:
                    client.close()
            return False
        until(leads)

    def test_a_read_of_the_snapshot_at_the_start(self):
        with Cluster(PROGRAM, options=("--snapshot-keep-entries", "1", "--segment-mb", "1")) as cluster:
            client = cluster.client(cluster.leader())
            for number in range(40):
                client.call("SET", f"key{number}", "x" * 100_000)
            client.close()
            victim = cluster.leader() % 3 + 1
            until(lambda: cluster.info(victim)["applied"] == cluster.info(cluster.leader())["last_index"])
            client = cluster.client(victim)
            self.assertEqual(client.call("RAFT", "SNAPSHOT"), "OK")
            client.close()
            until(lambda: len(list(cluster.data(victim).glob("*.journal"))) <= 2)
            cluster.end(victim, signal.SIGKILL)
            environment = {**os.environ, "LD_PRELOAD": SHIM, "FAIL_CALL": "read", "FAIL_AT": "2"}
            ended = subprocess.run(cluster.command(victim), capture_output=True, text=True, env=environment, timeout=20)
            self.assertEqual(ended.returncode, STORAGE_FAILED, ended.stderr)
            snapshot, = cluster.data(victim).glob("*.snapshot")
            self.assertRegex(ended.stderr.splitlines()[-1],
                             rf"^raftkv: cannot read {snapshot} at byte \d+: Input/output error")
            # What docs/operations.md says to do.
            snapshot.rename(cluster.folder.name + "/unreadable")
            cluster.start(victim)
            until(lambda: cluster.info(victim)["damaged"] == "0")
            self.assertEqual(cluster.info(victim)["damage_found"], "1")
            until(lambda: cluster.info(victim)["applied"] == cluster.info(cluster.leader())["last_index"])

    def test_a_write_of_segments(self):
        self.check("segments", "write")

    def test_a_write_of_segments_through_the_cache(self):
        self.in_memory()
        self.check("segments", "write")

    def test_a_sync_of_segments(self):
        self.in_memory()
        self.check("segments", "sync")

    def test_a_sync_of_mapped_files(self):
        self.check("mapped", "sync")

    def in_memory(self) -> None:
        """On a disk whose files cannot be written past the cache: what is written has to be synced."""
        self.addCleanup(setattr, tempfile, "tempdir", tempfile.tempdir)
        tempfile.tempdir = "/dev/shm"


if __name__ == "__main__":
    unittest.main()
