#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""raftkv verify and export, on directories of real nodes."""
import hashlib
import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

from cluster import Client, Cluster

PROGRAM = sys.argv.pop(1)
KEYS = {f"key{number}": f"value{number}\n\"{'x' * number}" for number in range(100)}


def state_of(folder: pathlib.Path) -> list[tuple[str, str]]:
    return sorted((file.name, hashlib.sha256(file.read_bytes()).hexdigest()) for file in folder.iterdir())


class Data(unittest.TestCase):
    def setUp(self):
        self.cluster = Cluster(PROGRAM, count=1)
        self.cluster.__enter__()
        self.addCleanup(self.cluster.__exit__)
        client = self.cluster.client(1)
        for key, value in KEYS.items():
            client.call("SET", key, value)
        client.call("SET", "gone", "1")
        client.call("DEL", "gone")
        client.close()
        self.folder = self.cluster.data(1)

    def raftkv(self, *words: str) -> subprocess.CompletedProcess:
        return subprocess.run([PROGRAM, *words, "--id", "1"], capture_output=True, text=True, timeout=30)

    def test_is_verified_and_exported_without_a_change(self):
        refused = self.raftkv("verify", str(self.folder))
        self.assertEqual(refused.returncode, 3)
        self.assertIn("is in use by a process", refused.stderr)
        self.cluster.end(1, signal.SIGKILL)
        before = state_of(self.folder)
        verified = self.raftkv("verify", str(self.folder))
        self.assertEqual(verified.returncode, 0, verified.stderr + verified.stdout)
        self.assertIn("100 keys after entry", verified.stdout)
        self.assertTrue(verified.stdout.endswith(": good\n"), verified.stdout)
        lines = self.raftkv("export", str(self.folder), "--format", "json").stdout.splitlines()
        self.assertEqual({pair["key"]: pair["value"] for pair in map(json.loads, lines)}, KEYS)
        self.assertEqual(state_of(self.folder), before)
        other = subprocess.run([PROGRAM, "verify", str(self.folder), "--id", "2"], capture_output=True, text=True,
                               timeout=30)
        self.assertEqual(other.returncode, 3, other.stdout + other.stderr)
        refusal = (f"raftkv: {self.folder}/0000000000000001.journal: belongs to node 1, but this is node 2: "
                   "--id or the directory is wrong\n")
        self.assertEqual(other.stderr, refusal)
        words = self.cluster.command(1)
        words[words.index("--id") + 1] = "2"
        words[words.index("--peers") + 1] = f"2=127.0.0.1:{self.cluster.peer_ports[1]}"
        served = subprocess.run(words, capture_output=True, text=True, timeout=30)
        self.assertEqual(served.returncode, 3, served.stdout + served.stderr)
        self.assertTrue(served.stderr.endswith(refusal), served.stderr)

    def test_goes_into_another_cluster_by_redis_cli(self):
        self.cluster.end(1, signal.SIGTERM)
        exported = subprocess.run([PROGRAM, "export", str(self.folder), "--id", "1"], capture_output=True, check=True,
                                  timeout=30).stdout
        with Cluster(PROGRAM, count=1) as other:
            other.leader()
            port = other.client_ports[1]
            said = subprocess.run(["redis-cli", "-p", str(port), "--pipe"], input=exported, check=True,
                                  capture_output=True, timeout=30).stdout
            self.assertIn(b"errors: 0, replies: 100", said)
            client = Client(port)
            self.assertEqual(client.call("MGET", *KEYS), list(KEYS.values()))
            client.close()

    def test_a_value_that_is_longer_than_any_argument_goes_into_another_cluster(self):
        pieces = [letter * (6 << 20) for letter in "abc"]
        client = self.cluster.client(1)
        for piece in pieces:
            client.call("APPEND", "long", piece)
        client.close()
        self.cluster.end(1, signal.SIGTERM)
        exported = subprocess.run([PROGRAM, "export", str(self.folder), "--id", "1"], capture_output=True, check=True,
                                  timeout=30).stdout
        with Cluster(PROGRAM, count=1) as other:
            other.leader()
            said = subprocess.run(["redis-cli", "-p", str(other.client_ports[1]), "--pipe"], input=exported,
                                  check=True, capture_output=True, timeout=60).stdout
            self.assertIn(b"errors: 0, replies: 103", said)
            client = other.client(1)
            self.assertTrue(client.call("GET", "long") == "".join(pieces))
            client.close()

    def test_damage_is_named_by_file_and_byte(self):
        self.cluster.end(1, signal.SIGTERM)
        journal = next(self.folder.glob("*.journal"))
        damaged = bytearray(journal.read_bytes())
        damaged[8 * 1024] ^= 1
        journal.write_bytes(damaged)
        before = state_of(self.folder)
        result = self.raftkv("verify", str(self.folder))
        self.assertEqual(result.returncode, 4)
        self.assertRegex(result.stdout, rf"{journal.name}: .* at byte \d+\n")
        self.assertTrue(result.stdout.endswith(": damaged\n"))
        self.assertEqual(state_of(self.folder), before)

    def test_an_entry_that_cannot_be_gone_back_to_is_refused(self):
        client = self.cluster.client(1)
        self.assertEqual(client.call("RAFT", "SNAPSHOT"), "OK")
        client.close()
        last = int(self.cluster.info(1)["last_index"])
        self.cluster.end(1, signal.SIGTERM)
        for command in ("verify", "export"):
            for through, why in ((2, f"the snapshot goes up to entry {last}: no earlier state is known"),
                                 (last + 1, f"the log ends with entry {last}")):
                result = self.raftkv(command, str(self.folder), "--through", str(through))
                self.assertEqual(result.returncode, 3, result.stdout)
                self.assertEqual(result.stdout, "")
                self.assertEqual(result.stderr, f"raftkv: {self.folder}: {why}\n")
            self.assertEqual(self.raftkv(command, str(self.folder), "--through", str(last)).returncode, 0)

    def test_an_export_says_what_it_lacks_for_damage(self):
        client = self.cluster.client(1)
        self.assertEqual(client.call("RAFT", "SNAPSHOT"), "OK")
        client.close()
        self.cluster.end(1, signal.SIGTERM)
        snapshot = next(self.folder.glob("*.snapshot"))
        good = snapshot.read_bytes()
        snapshot.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
        result = self.raftkv("export", str(self.folder), "--format", "json")
        self.assertEqual(result.returncode, 4)
        self.assertRegex(result.stderr, r"is damaged at byte \d+; all up to entry \d+ is in the export\n")
        self.assertEqual(len(result.stdout.splitlines()), len(KEYS))
        snapshot.write_bytes(good)
        next(self.folder.glob("*.journal")).unlink()
        result = self.raftkv("export", str(self.folder), "--format", "json")
        self.assertEqual(result.returncode, 4)
        self.assertRegex(result.stderr, rf"{self.folder}: the log is missing, though there is the snapshot up to entry \d+; "
                         r"what lies behind entry \d+ is not in the export\n")
        self.assertEqual(len(result.stdout.splitlines()), len(KEYS))
        self.assertRegex(self.raftkv("verify", str(self.folder)).stdout, r": no entries behind entry \d+ of term \d+\n")

    def test_a_directory_without_a_log_is_not_called_good(self):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "notes.txt").write_text("hello\n")
            for command in ("verify", "export"):
                result = self.raftkv(command, folder)
                self.assertEqual(result.returncode, 3, result.stdout)
                self.assertEqual(result.stdout, "")
                self.assertEqual(result.stderr, f"raftkv: {folder} holds no log of raftkv\n")

    def test_a_wrong_name_of_the_cluster_is_told_in_words(self):
        self.cluster.end(1, signal.SIGTERM)
        for command in (["verify"], ["export"], ["recover", "--new-cluster", "b", "--into", "/nowhere", "--address", "a:1"]):
            result = self.raftkv(*command, str(self.folder), "--cluster", "foo")
            self.assertEqual(result.returncode, 3, result.stdout)
            self.assertRegex(result.stderr, r": belongs to a cluster of another name than 'foo'\n\Z")


if __name__ == "__main__":
    unittest.main()
