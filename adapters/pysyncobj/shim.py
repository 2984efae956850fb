#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Client shim for node.py:  shim.py 1=10.77.0.1:8080,2=10.77.0.2:8080,... 10.77.0.1:4321,...

The second argument are the addresses that nodes know each other by, in the order of their numbers.
A connection for each request: what is late can never be taken for another answer.
"""
import json
import socket
import sys
import time

ADDRESSES = dict(pair.split("=", 1) for pair in sys.argv[1].split(","))
PEERS = {address: number for number, address in enumerate(sys.argv[2].split(","), start=1)}


def exchange(connection, request, end):
    """Sends the request as a line; the answer, which is a line as well."""
    connection.sendall(json.dumps(request).encode() + b"\n")
    text = b""
    while not text.endswith(b"\n"):
        connection.settimeout(max(0.001, end - time.monotonic()))
        more = connection.recv(65536)
        if not more:
            raise OSError("the node closed before it answered")
        text += more
    return json.loads(text)


def answer(request):
    seconds = request["timeout_ms"] / 1000
    end = time.monotonic() + seconds
    host, port = ADDRESSES[str(request["node"])].rsplit(":", 1)
    try:
        connection = socket.create_connection((host, int(port)), seconds)
    except OSError as error:
        return {"type": "fail", "note": str(error)}  # The request never left.
    with connection:
        try:
            told = exchange(connection, request, end)
        except OSError as error:
            change = request["f"] in ("write", "cas", "append")
            return {"type": "info" if change else "fail", "note": str(error)}
    leader = PEERS.get(told.pop("leader_address", None))
    return told | ({"believed_leader": leader} if leader else {})


for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps({"id": asked["id"], **answer(asked)}), flush=True)
