#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Client shim for a cluster of ovsdb-server:  shim.py 1=10.77.0.1:6640,2=10.77.0.2:6640,...

JSON-RPC over a connection for each request (RFC 7047, ovsdb(7)). A plain select is answered by any
server from what it has, however old: so a read changes a row of another table in the same
transaction, which the cluster commits only if the server had seen everything before it.
"""
import json
import os
import socket
import sys
import time

ADDRESSES = dict(pair.split("=", 1) for pair in sys.argv[1].split(","))


class NeverSent(Exception):
    """The request did not leave: nothing can have been done."""


class Refused(Exception):
    """The server answered with an error."""


class Server:
    def __init__(self, request):
        self.end = time.monotonic() + request["timeout_ms"] / 1000
        host, port = ADDRESSES[str(request["node"])].rsplit(":", 1)
        try:
            self.connection = socket.create_connection((host, int(port)), request["timeout_ms"] / 1000)
        except OSError as error:
            raise NeverSent(str(error)) from error
        self.text = ""

    def next_object(self):
        decoder = json.JSONDecoder()
        while True:
            try:
                found, size = decoder.raw_decode(self.text)
                self.text = self.text[size:]
                return found
            except ValueError:
                pass
            self.connection.settimeout(max(0.001, self.end - time.monotonic()))
            more = self.connection.recv(65536)
            if not more:
                raise OSError("the server closed before it answered")
            self.text += more.decode()

    def transact(self, database, *operations):
        call = {"method": "transact", "params": [database, *operations], "id": 1}
        self.connection.sendall(json.dumps(call).encode())
        while True:
            answer = self.next_object()
            if answer.get("id") == 1 and "result" in answer:
                break
        if answer["error"] is not None:
            raise Refused(json.dumps(answer["error"]))
        failed = [one for one in answer["result"] if one and "error" in one]
        if failed:
            raise Refused(failed[0]["error"] + ": " + failed[0].get("details", ""))
        return answer["result"]


def is_key(key):
    return [["k", "==", key]]


def value_of(result):
    return result["rows"][0]["v"] if result["rows"] else None


def read(request):
    nonce = {"name": "nonce", "nonce": os.urandom(8).hex()}
    ask = {"op": "select", "table": "kv", "where": is_key(request["key"]), "columns": ["v"]}
    change = {"op": "update", "table": "reads", "where": [["name", "==", "nonce"]], "row": nonce}
    server = Server(request)
    value, changed = server.transact("KV", ask, change)[:2]
    if changed["count"] == 0:  # The first read of all makes the row.
        value = server.transact("KV", ask, {"op": "insert", "table": "reads", "row": nonce})[0]
    return {"type": "ok", "value": value_of(value)}


def write(request):
    key = request["key"]
    Server(request).transact("KV", {"op": "delete", "table": "kv", "where": is_key(key)},
                             {"op": "insert", "table": "kv", "row": {"k": key, "v": request["value"]}})
    return {"type": "ok"}


def cas(request):
    key = request["key"]
    expected, desired = request["value"]
    rows = [] if expected is None else [{"v": expected}]
    try:
        Server(request).transact(
            "KV", {"op": "wait", "timeout": 0, "table": "kv", "where": is_key(key), "columns": ["v"],
                   "until": "==", "rows": rows},
            {"op": "delete", "table": "kv", "where": is_key(key)},
            {"op": "insert", "table": "kv", "row": {"k": key, "v": desired}})
    except Refused as error:
        if str(error).startswith("timed out"):  # The wait's: something else was there.
            return {"type": "fail", "note": str(error)}
        raise
    return {"type": "ok"}


def status(request):
    ask = {"op": "select", "table": "Database", "where": [["name", "==", "KV"]]}
    row = Server(request).transact("_Server", ask)[0]["rows"][0]
    return {"type": "ok", "leader": row["leader"]}


def answer(request):
    change = request["f"] in ("write", "cas")
    try:
        return {"read": read, "write": write, "cas": cas, "status": status}[request["f"]](request)
    except NeverSent as error:
        return {"type": "fail", "note": str(error)}
    except (OSError, Refused, IndexError) as error:
        return {"type": "info" if change else "fail", "note": str(error)}


for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps({"id": asked["id"], **answer(asked)}), flush=True)
