#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One bit after the other is turned in the live data of a node of a live cluster, while the node is stopped.

Each time the node, started again, names file and byte; the cluster keeps every acknowledged write; and the
node is repaired: `raftkv verify` finds nothing any more, and its keys and values are those of the others.

    bit_flips.py RAFTKV [--storage segments|mapped] [--positions 200] [--seed N]
"""
import argparse
import collections
import json
import random
import re
import signal
import subprocess
import sys
import time

from cluster import Client, Cluster, ReplyError, until
from live_bytes import Piece, live_pieces

TIMES = ("--heartbeat-ms", "20", "--election-min-ms", "100", "--election-max-ms", "200")
SNAPSHOTS = ("--snapshot-log-mb", "1", "--snapshot-keep-entries", "40")


class Flips:
    def __init__(self, program: str, storage: str, rng: random.Random):
        self.program, self.rng, self.counts = program, rng, collections.Counter()
        segments = ("--segment-mb", "1") if storage == "segments" else ()
        self.cluster = Cluster(program, options=(*TIMES, *SNAPSHOTS, *segments, "--storage", storage))
        self.written: dict[str, str] = {}
        self.number = 0

    def write(self, count: int) -> None:
        """Each is acknowledged before the next; through any node that runs, again if it was not."""
        node = self.rng.choice(sorted(self.cluster.processes))
        client = self.cluster.client(node)
        for _ in range(count):
            self.number += 1
            key = f"key{self.rng.randrange(40)}"
            value = f"{self.number}:" + "x" * self.rng.choice([0, 10, 300, 900, 20000])
            until(lambda: self.acknowledged(client, key, value))
            self.written[key] = value
        client.close()

    @staticmethod
    def acknowledged(client: Client, key: str, value: str) -> bool:
        try:
            return client.call("SET", key, value) == "OK"
        except ReplyError:  # The leader is gone: the same write once more does no harm.
            return False

    def expect_all_writes(self, node: int) -> None:
        client = self.cluster.client(node)
        keys = sorted(self.written)
        found = client.call("MGET", *keys)
        client.close()
        lost = [key for key, value in zip(keys, found) if value != self.written[key]]
        assert not lost, f"acknowledged and lost, as node {node} has it: {lost}"

    def offline(self, verb: str, node: int, *words: str) -> str:
        result = subprocess.run([self.program, verb, str(self.cluster.data(node)), "--id", str(node), *words],
                                capture_output=True, text=True, timeout=60)
        assert result.returncode == 0, f"raftkv {verb}, node {node}: {result.stdout[-2000:]}{result.stderr}"
        return result.stdout

    def choose(self, node: int) -> tuple[Piece, int, int]:
        """A kind of bytes that few bits were turned in, then one of them. All kinds have their turn."""
        kinds = collections.defaultdict(list)
        for piece in live_pieces(self.cluster.data(node)):
            kinds[piece.what].append(piece)
        kind = min(kinds, key=lambda what: (self.counts[what], what))
        self.counts[kind] += 1
        piece = self.rng.choice(kinds[kind][-1:] if self.rng.random() < 0.3 else kinds[kind])
        return piece, self.rng.randrange(piece.begin, piece.end), self.rng.randrange(8)

    def is_caught_up(self, node: int) -> bool:
        mine, leader = self.cluster.info(node), self.cluster.info(self.cluster.leader())
        return mine["damaged"] == "0" and mine["applied"] == leader["last_index"] == leader["applied"]

    def flip_one(self, node: int) -> None:
        self.cluster.end(node, self.rng.choice([signal.SIGKILL, signal.SIGTERM]))
        piece, byte, bit = self.choose(node)
        place = f"bit {bit} of byte {byte} of {piece.file} ({piece.what}) of node {node}"
        path = self.cluster.data(node) / piece.file
        with open(path, "r+b") as file:
            file.seek(byte)
            before = file.read(1)[0]
            file.seek(byte)
            file.write(bytes([before ^ 1 << bit]))
        self.write(2)
        told = len(self.cluster.log(node))
        self.cluster.start(node)
        log = self.cluster.log(node)[told:]
        named = [(file, int(at)) for file, at in re.findall(r'damage what="(\S+): .* at byte (\d+)"', log)]
        assert any(file == piece.file and piece.unit <= at <= byte for file, at in named), f"{place}: {log}"
        self.write(1)
        until(lambda: self.is_caught_up(node))
        self.expect_all_writes(node)
        until(lambda: " repaired " in self.cluster.log(node)[told:])

    def expect_repaired(self, node: int) -> None:
        """Of a node that is stopped."""
        assert self.offline("verify", node).endswith(": good\n")
        lines = self.offline("export", node, "--format", "json").splitlines()
        has = {pair["key"]: pair["value"] for pair in map(json.loads, lines)}
        assert has == self.written, f"node {node} has something else"

    def run(self, positions: int) -> None:
        with self.cluster:
            self.cluster.leader()
            self.write(400)  # Several segments, and a snapshot.
            for position in range(positions):
                node = position % 3 + 1
                self.flip_one(node)
                self.write(self.rng.choice([0, 5, 30]))
                until(lambda node=node: self.is_caught_up(node))
                self.cluster.end(node, signal.SIGKILL)
                self.expect_repaired(node)
                self.cluster.start(node)
                until(lambda node=node: self.is_caught_up(node))
            for node in self.cluster.ids:
                self.expect_all_writes(node)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--storage", choices=["segments", "mapped"], default="segments")
    parser.add_argument("--positions", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    arguments = parser.parse_args()
    print(f"seed: {arguments.seed}", flush=True)
    flips = Flips(arguments.program, arguments.storage, random.Random(arguments.seed))
    began = time.monotonic()
    flips.run(arguments.positions)
    for what, count in sorted(flips.counts.items()):
        print(f"{count:5}  {what}")
    print(f"{arguments.positions} bits in {arguments.storage}: each named and repaired, {flips.number} writes kept, "
          f"{time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    sys.exit(main())
