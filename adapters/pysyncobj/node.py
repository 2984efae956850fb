#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A replicated map on PySyncObj, as a program that uses the library would hold one.

    node.py 10.77.0.2:4321 10.77.0.1:4321,10.77.0.3:4321 10.77.0.2:8080 DIRECTORY

The library is unmodified and has its own defaults but for what is in `settings()`. Clients send a
JSON object a line to the third address and get one back. Reads go through the log like writes: an
answer is what the command returned when this node applied it.
"""
import json
import pathlib
import socketserver
import sys
import threading

try:
    from pysyncobj import FAIL_REASON, SyncObj, SyncObjConf, SyncObjConsumer, replicated
    from pysyncobj.version import VERSION
except ImportError:
    sys.exit("node.py: PySyncObj is missing: apt-get install python3-pysyncobj")

# The library says of these that the command never got into a log.
NEVER_DONE = {FAIL_REASON.QUEUE_FULL, FAIL_REASON.MISSING_LEADER, FAIL_REASON.NOT_LEADER,
              FAIL_REASON.REQUEST_DENIED}
NAMES = {value: name for name, value in vars(FAIL_REASON).items() if name.isupper()}


class Map(SyncObjConsumer):
    """What is replicated. Methods run on every node, in the order of the log."""

    def __init__(self):
        super().__init__()
        self.values = {}

    @replicated
    def read(self, key):
        return self.values.get(key)

    @replicated
    def write(self, key, value):
        self.values[key] = value

    @replicated
    def append(self, key, piece):
        self.values[key] = self.values.get(key, "") + piece

    @replicated
    def cas(self, key, expected, desired):
        found = self.values.get(key)
        if found == expected:
            self.values[key] = desired
        return found


def settings(directory):
    return SyncObjConf(
        autoTick=False,  # main() ticks: what goes wrong in a tick then ends the process.
        journalFile=str(directory / "journal"),
        fullDumpFile=str(directory / "dump"),
        flushJournal=True,  # Known since 0.3.13.
        appendEntriesUseBatch=False,  # A command leaves at once, not with the next heartbeat.
        commandsWaitLeader=False,  # Without a leader say so at once.
        connectionRetryTime=1.0,
        logCompactionMinEntries=500,
        logCompactionMinTime=20,
        dynamicMembershipChange=False)


class Node:
    def __init__(self, own, others, directory):
        self.map = Map()
        self.raft = SyncObj(own, others, conf=settings(directory), consumers=[self.map])

    def apply(self, method, arguments, seconds):
        """Runs a replicated method: (result, None), or (None, why not)."""
        done = threading.Event()
        outcome = []

        def answered(result, error):
            outcome.append((result, error))
            done.set()

        method(*arguments, callback=answered)
        if not done.wait(seconds):
            return None, "no answer in time"
        result, error = outcome[0]
        return result, None if error == FAIL_REASON.SUCCESS else error

    def answer(self, request):
        if request["f"] == "status":
            return self.status()
        key, seconds = request["key"], request["timeout_ms"] / 1000
        if request["f"] == "read":
            value, error = self.apply(self.map.read, (key,), seconds)
            if error is None:
                return {"type": "ok", "value": value}
        elif request["f"] in ("write", "append"):
            method = self.map.write if request["f"] == "write" else self.map.append
            _, error = self.apply(method, (key, request["value"]), seconds)
            if error is None:
                return {"type": "ok"}
        else:
            expected, desired = request["value"]
            found, error = self.apply(self.map.cas, (key, expected, desired), seconds)
            if error is None:
                return {"type": "ok"} if found == expected else {"type": "fail", "found": found}
        certain = request["f"] == "read" or error in NEVER_DONE
        return {"type": "fail" if certain else "info", "note": NAMES.get(error, str(error))}

    def status(self):
        told = self.raft.getStatus()
        leader = told["leader"]
        return {"type": "ok", "state": ("follower", "candidate", "leader")[told["state"]],
                "leader": told["state"] == 2, "leader_address": leader and leader.id,
                "term": told["raft_term"], "commit": told["commit_idx"],
                "applied": told["last_applied"], "log": told["log_len"]}


def main():
    if sys.argv[1:] == ["--version"]:
        print(f"PySyncObj {VERSION}")
        return
    own, others, listen, directory = sys.argv[1:]
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    node = Node(own, [other for other in others.split(",") if other], directory)

    class Client(socketserver.StreamRequestHandler):
        def handle(self):
            try:
                for line in self.rfile:
                    self.wfile.write(json.dumps(node.answer(json.loads(line))).encode() + b"\n")
            except ConnectionError:
                pass  # The client is gone.

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    host, port = listen.rsplit(":", 1)
    server = Server((host, int(port)), Client)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    while True:
        node.raft.doTick(0.05)


if __name__ == "__main__":
    main()
