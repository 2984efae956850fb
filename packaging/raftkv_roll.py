#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Restarts the nodes of a raftkv cluster, one after the other, while it serves.

    raftkv-roll --nodes n1:6379,n2:6379,n3:6379 -- ssh {host} sudo systemctl restart raftkv

The command is run once a node; {host}, {node} (HOST:PORT) and {id} in it are replaced. Followers go first, the
leader last, after it has handed leadership over. Before each node, and at the end, all members must be connected
and caught up; if they are not in time, it stops there, with exit code 1, and nothing more is restarted. Exit code 3 is
usage.
"""
import argparse
import json
import re
import subprocess
import sys
import time


NOBODY = "no node gave its status"  # What raftkv says, with code 3, of nodes that may come yet.


class NotReady(Exception):
    """The cluster is not as it must be for the next step; the message says why."""


class Usage(Exception):
    """raftkv takes none of this, whatever the cluster does."""


class Roller:
    def __init__(self, raftkv: str, nodes: str, patience: float):
        self.raftkv, self.nodes, self.patience = raftkv, nodes, patience

    def status(self) -> dict:
        result = subprocess.run([self.raftkv, "status", "--json", "--nodes", self.nodes, "--timeout-ms", "2000"],
                                capture_output=True, text=True, check=False)
        if result.stdout:
            return json.loads(result.stdout)
        why = result.stderr.strip().removeprefix("raftkv: ") or f"raftkv status ended with {result.returncode}"
        if result.returncode == 3 and not why.startswith(NOBODY):
            raise Usage(why)
        return {"leader": 0, "nodes": [], "error": why}

    @staticmethod
    def trouble(status: dict, commit: int) -> str:
        """Why no node may be stopped now; nothing if one may. Everybody must have applied up to `commit`."""
        if "error" in status:
            return status["error"]
        if status["leader"] == 0:
            return "no node leads"
        for node in status["nodes"]:
            if "error" in node:
                return f"{node['node']} does not answer: {node['error']}"
            if node["leader"] != status["leader"]:
                return f"{node['node']} follows another leader, or none"
            if node["applied"] < commit:
                return f"{node['node']} has applied {node['applied']}, not yet {commit}"
        leader = next(node for node in status["nodes"] if node["id"] == status["leader"])
        for member in leader["members"]:
            if not member["connected"]:
                return f"member {member['id']} is not connected to the leader"
        return ""

    def wait(self, commit: int) -> dict:
        end = time.monotonic() + self.patience
        while True:
            status = self.status()
            trouble = self.trouble(status, commit)
            if not trouble:
                return status
            if time.monotonic() > end:
                raise NotReady(trouble)
            time.sleep(0.1)

    @staticmethod
    def commit_of(status: dict) -> int:
        return max(node["commit"] for node in status["nodes"])

    def roll(self, restart) -> None:
        """Calls restart(node) for each node, as `raftkv status --json` shows it."""
        status = self.wait(0)
        left = {node["id"] for node in status["nodes"]}
        while left:
            followers = sorted(left - {status["leader"]})
            if not followers:  # Asked to; if it cannot, it does so when it is stopped.
                subprocess.run([self.raftkv, "transfer", "--nodes", self.nodes], capture_output=True, check=False)
            chosen = followers[0] if followers else status["leader"]
            left.remove(chosen)
            restart(next(node for node in status["nodes"] if node["id"] == chosen))
            status = self.wait(self.commit_of(status))


def filled(command: list[str], node: dict) -> list[str]:
    """`command` for `node`, as `raftkv status --json` shows it. Other braces are the command's own."""
    values = {"{host}": node["node"].rsplit(":", 1)[0], "{node}": node["node"], "{id}": str(node["id"])}
    return [re.sub(r"\{(host|node|id)\}", lambda found: values[found.group()], word) for word in command]


class Parser(argparse.ArgumentParser):
    def error(self, message: str):
        self.exit(3, f"{self.prog}: {message}; see {self.prog} --help\n")


def main() -> int:
    parser = Parser(prog="raftkv-roll", description=__doc__.splitlines()[0])
    parser.add_argument("--nodes", required=True, metavar="HOST:PORT,...", help="where the nodes take clients")
    parser.add_argument("--raftkv", default="raftkv", metavar="PROGRAM", help="[raftkv]")
    parser.add_argument("--patience", type=float, default=60, metavar="SECONDS",
                        help="how long a node may take to be back and caught up [60]")
    parser.add_argument("command", nargs="+", help="restarts one node; may have {host}, {node} and {id}")
    options = parser.parse_args()

    def restart(node: dict) -> None:
        command = filled(options.command, node)
        print(f"raftkv-roll: node {node['id']}: {' '.join(command)}", flush=True)
        subprocess.run(command, check=True)

    try:
        Roller(options.raftkv, options.nodes, options.patience).roll(restart)
    except Usage as wrong:
        print(f"raftkv-roll: {wrong}", file=sys.stderr)
        return 3
    except NotReady as trouble:
        print(f"raftkv-roll: stopped: {trouble}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(f"raftkv-roll: stopped: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"raftkv-roll: stopped: cannot run {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    print("raftkv-roll: all nodes are restarted, connected and caught up")
    return 0


if __name__ == "__main__":
    sys.exit(main())
