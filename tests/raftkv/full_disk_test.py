#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Nodes on disks that fill up: what can wait is given up, a node without room stops and says so, nothing that was
acknowledged is lost, and all goes on when there is room. The disks are small tmpfs in a mount namespace of our own."""
import os
import pathlib
import signal
import subprocess
import sys
import unittest

from cluster import Cluster, ReplyError, until

if "FULL_DISK_INSIDE" not in os.environ:
    os.environ["FULL_DISK_INSIDE"] = "1"
    os.execvp("unshare", ["unshare", "--user", "--map-root-user", "--mount", sys.executable, *sys.argv])

PROGRAM = sys.argv.pop(1)
DISK_FULL = 5


class SmallDisks(Cluster):
    """Each data directory is a disk of so many MiB."""

    def __init__(self, megabytes: int, options: tuple[str, ...]):
        super().__init__(PROGRAM, options=("--request-timeout-ms", "1500", *options))
        self.megabytes = megabytes

    def start(self, node: int) -> None:
        if not self.data(node).exists():
            self.data(node).mkdir()
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={self.megabytes}m", "none", self.data(node)], check=True)
        super().start(node)

    def __exit__(self, *_):
        for process in self.processes.values():
            process.kill()
            process.wait()
        for node in self.ids:
            subprocess.run(["umount", self.data(node)], check=True)
        super().__exit__()

    def ballast(self, node: int) -> pathlib.Path:
        return self.data(node) / "ballast"

    def fill(self, node: int, leave_bytes: int = 0) -> None:
        """All of the disk, but for so much."""
        def filled() -> bool:
            found = os.statvfs(self.data(node))
            with open(self.ballast(node), "wb") as file:
                try:
                    os.posix_fallocate(file.fileno(), 0, max(1, found.f_bavail * found.f_frsize - leave_bytes))
                except OSError:  # The node took some of it meanwhile.
                    return False
            return True
        until(filled)

    def ended(self, node: int) -> bool:
        return self.processes[node].poll() is not None

    def forget(self, node: int) -> int:
        process = self.processes.pop(node)
        process.stdout.close()
        return process.wait(timeout=10)


class FullDisk(unittest.TestCase):
    def setUp(self):
        self.written: dict[str, str] = {}
        self.number = 0

    def write(self, cluster: Cluster, node: int, bytes: int = 2000) -> bool:
        """One write. Whatever is not acknowledged has a key of its own, and need not be there."""
        self.number += 1
        key, value = f"key{self.number % 300}-{self.number}", f"{self.number}" + "v" * bytes
        try:
            client = cluster.client(node)
        except OSError:
            return False
        try:
            if client.call("SET", key, value) == "OK":
                self.written[key] = value
                return True
        except (ReplyError, OSError):
            pass
        finally:
            client.close()
        return False

    def expect_all(self, cluster: Cluster) -> None:
        cluster.leader()
        for node in cluster.processes:
            client = cluster.client(node)
            found = client.call("MGET", *self.written)
            client.close()
            self.assertEqual([key for key, value in zip(self.written, found) if value != self.written[key]], [])

    def one_full_disk(self, *options: str) -> None:
        with SmallDisks(24, options) as cluster:
            victim = cluster.leader()
            for _ in range(50):
                self.assertTrue(self.write(cluster, victim))
            cluster.fill(victim)
            other = victim % 3 + 1
            until(lambda: self.write(cluster, other, 50_000) and cluster.ended(victim))
            self.assertEqual(cluster.forget(victim), DISK_FULL)
            self.assertRegex(cluster.log(victim), r' disk-full error="cannot .*No space left on device')
            until(lambda: self.write(cluster, other))
            self.expect_all(cluster)
            # Started again while there is no room it stops again, or has nothing to write and follows.
            cluster.ballast(victim).unlink()
            cluster.start(victim)
            until(lambda: cluster.info(victim)["applied"] == cluster.info(cluster.leader())["last_index"])
            self.expect_all(cluster)

    def test_one_without_room_stops_and_comes_back_segments(self):
        self.one_full_disk()

    def test_one_without_room_stops_and_comes_back_mapped(self):
        self.one_full_disk("--storage", "mapped")

    def all_full(self, *options: str) -> None:
        with SmallDisks(16, options) as cluster:
            node = cluster.leader()
            for _ in range(20):
                self.assertTrue(self.write(cluster, node))
            for each in cluster.ids:
                cluster.fill(each)
            def only_one_runs() -> bool:
                running = [each for each in cluster.ids if not cluster.ended(each)]
                if len(running) >= 2:
                    self.write(cluster, running[0], 50_000)
                return len(running) < 2
            until(only_one_runs)
            for each in cluster.ids:
                if not cluster.ended(each):
                    cluster.processes[each].send_signal(signal.SIGTERM)
                self.assertIn(cluster.forget(each), (0, DISK_FULL))
                cluster.ballast(each).unlink()
            for each in cluster.ids:
                cluster.start(each)
            until(lambda: self.write(cluster, 1))
            self.expect_all(cluster)

    def test_all_without_room_lose_nothing_segments(self):
        self.all_full()

    def test_all_without_room_lose_nothing_mapped(self):
        self.all_full("--storage", "mapped")

    def test_what_can_wait_waits_for_room(self):
        """A snapshot has no room, nor has what is prepared ahead of the log; the log goes on."""
        with SmallDisks(24, ("--snapshot-log-mb", "1", "--segment-mb", "16")) as cluster:
            victim = cluster.leader()
            for _ in range(150):
                self.assertTrue(self.write(cluster, victim, 5000))
            cluster.fill(victim, leave_bytes=600_000)
            until(lambda: self.write(cluster, victim, 500) and " snapshot-failed " in cluster.log(victim))
            self.assertRegex(cluster.log(victim), r' snapshot-failed error="cannot .*No space left on device')
            self.assertEqual(list(cluster.data(victim).glob("*.writing")), [])
            for _ in range(5):
                self.assertTrue(self.write(cluster, victim, 500))
            self.assertFalse(cluster.ended(victim))
            cluster.ballast(victim).unlink()
            until(lambda: self.write(cluster, victim, 20_000) and list(cluster.data(victim).glob("*.snapshot")))
            self.expect_all(cluster)


if __name__ == "__main__":
    unittest.main()
