#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Client shim for raftkv:  shim.py 1=10.77.0.1:6379,2=10.77.0.2:6379,...

RESP over a connection for each request; see docs/formats/client-shim.md for the lines.
"""
import json
import socket
import sys
import time

ADDRESSES = dict(pair.split("=", 1) for pair in sys.argv[1].split(","))


class NeverSent(Exception):
    """The command did not leave: nothing can have been done."""


class Refused(Exception):
    """The server answered with an error."""


def one_reply(stream):
    """A bulk string, a simple string, a number as it stands, or nothing."""
    line = stream.readline()
    if not line.endswith(b"\r\n"):
        raise OSError("the server closed before it answered")
    kind, rest = line[:1], line[1:-2].decode()
    if kind == b"-":
        raise Refused(rest)
    if kind in (b"+", b":"):
        return rest
    if kind != b"$":
        raise OSError(f"unexpected reply {line!r}")
    if int(rest) < 0:
        return None
    return stream.read(int(rest) + 2)[:-2].decode()


class WithDeadline(socket.socket):
    """So that a server that answers byte by byte does not take for ever."""

    def __init__(self, seconds):
        super().__init__(socket.AF_INET, socket.SOCK_STREAM)
        self.end = time.monotonic() + seconds
        self.settimeout(seconds)

    def recv_into(self, *arguments):
        self.settimeout(max(0.001, self.end - time.monotonic()))
        return super().recv_into(*arguments)


def call(request, *words):
    """One command to the node that was asked for."""
    host, port = ADDRESSES[str(request["node"])].rsplit(":", 1)
    with WithDeadline(request["timeout_ms"] / 1000) as connection:
        try:
            connection.connect((host, int(port)))
        except OSError as error:
            raise NeverSent(str(error)) from error
        command = b"*%d\r\n" % len(words)
        for word in (word.encode() for word in words):
            command += b"$%d\r\n%s\r\n" % (len(word), word)
        connection.sendall(command)
        return one_reply(connection.makefile("rb"))


def read(request):
    return {"type": "ok", "value": call(request, "GET", request["key"])}


def write(request):
    call(request, "SET", request["key"], request["value"])
    return {"type": "ok"}


def append(request):
    call(request, "APPEND", request["key"], request["value"])
    return {"type": "ok"}


def cas(request):
    expected, desired = request["value"]
    condition = ["NX"] if expected is None else ["IFEQ", expected]
    found = call(request, "SET", request["key"], desired, *condition, "GET")
    if found == expected:
        return {"type": "ok"}
    return {"type": "fail", "found": found}


def status(request):
    info = dict(line.split(":", 1) for line in call(request, "INFO", "raft").split("\r\n")
                if ":" in line)
    told = {"leader": info.get("role") == "leader"}
    for ours, theirs in (("term", "term"), ("commit", "commit"), ("believed_leader", "leader")):
        if info.get(theirs, "").isdigit():
            told[ours] = int(info[theirs])
    return {"type": "ok", **told}


def answer(request):
    change = request["f"] in ("write", "cas", "append")
    try:
        return {"read": read, "write": write, "cas": cas, "append": append,
                "status": status}[request["f"]](request)
    except NeverSent as error:
        return {"type": "fail", "note": str(error)}
    except Refused as error:
        certain = not change or str(error).startswith("NOTDONE")
        return {"type": "fail" if certain else "info", "note": str(error)}
    except OSError as error:
        return {"type": "info" if change else "fail", "note": str(error)}


for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps({"id": asked["id"], **answer(asked)}), flush=True)
