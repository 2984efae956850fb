#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Client shim for node.cc:  shim.py 1=10.77.0.1:8080,2=10.77.0.2:8080,...

Only a leader takes changes and marks, so the node that is asked is first asked who leads. For a read
the leader puts a mark into the log, and the node that is asked reads its own map once it has applied
that. A connection for each line: what is late can never be taken for another answer.
"""
import json
import socket
import sys
import time
import urllib.parse

ADDRESSES = dict(pair.split("=", 1) for pair in sys.argv[1].split(","))


class Failed(Exception):
    """Certainly not done."""


class Unknown(Exception):
    """Perhaps done."""


def word(text):
    return "-" if text is None else "=" + urllib.parse.quote(text, safe="")


def text_of(shown):
    return None if shown == "-" else urllib.parse.unquote(shown[1:])


def ask(node, end, *words):
    """The words behind "ok", or behind "other", if a swap found another value."""
    left = end - time.monotonic()
    if left <= 0:
        raise Failed("no time is left")
    host, port = ADDRESSES[str(node)].rsplit(":", 1)
    try:
        connection = socket.create_connection((host, int(port)), left)
    except OSError as error:
        raise Failed(str(error)) from error  # The request never left.
    with connection:
        text = b""
        try:
            connection.sendall(" ".join(words).encode() + b"\n")
            while not text.endswith(b"\n"):
                connection.settimeout(max(0.001, end - time.monotonic()))
                more = connection.recv(65536)
                if not more:
                    raise OSError("the node closed before it answered")
                text += more
        except OSError as error:
            raise Unknown(str(error)) from error
    kind, *said = text.decode().split()
    if kind == "fail":
        raise Failed(" ".join(said))
    if kind == "info":
        raise Unknown(" ".join(said))
    return kind, said


def leader_of(node, end):
    try:
        leader = ask(node, end, "status")[1][1]
    except Unknown as error:
        raise Failed(str(error)) from error  # A question changes nothing.
    if leader == "0":
        raise Failed("no leader is known here")
    return leader


def read(node, end, request):
    mark = ask(leader_of(node, end), end, "mark")[1][0]
    value = ask(node, end, "read", mark, word(request["key"]))[1][0]
    return {"type": "ok", "value": text_of(value)}


def write(node, end, request):
    ask(leader_of(node, end), end, "write", word(request["key"]), word(request["value"]))
    return {"type": "ok"}


def cas(node, end, request):
    words = [word(request["key"]), *(word(value) for value in request["value"])]
    kind, said = ask(leader_of(node, end), end, "swap", *words)
    return {"type": "ok"} if kind == "ok" else {"type": "fail", "found": text_of(said[0])}


def status(node, end, _):
    leads, leader, term, commit = (int(number) for number in ask(node, end, "status")[1])
    told = {"type": "ok", "leader": leads == 1, "term": term, "commit": commit}
    return told | ({"believed_leader": leader} if leader else {})


def answer(request):
    does = {"read": read, "write": write, "cas": cas, "status": status}[request["f"]]
    try:
        return does(request["node"], time.monotonic() + request["timeout_ms"] / 1000, request)
    except Failed as error:
        return {"type": "fail", "note": str(error)}
    except Unknown as error:
        change = request["f"] in ("write", "cas")
        return {"type": "info" if change else "fail", "note": str(error)}


for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps({"id": asked["id"], **answer(asked)}), flush=True)
