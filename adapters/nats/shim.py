#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Client shim for NATS JetStream:  shim.py 1=10.77.0.1:4222,2=10.77.0.2:4222,...

A connection for each request. A get is answered by whoever takes itself for the leader. So a read first
appends a message that means nothing, which only a leader with a majority can acknowledge. That
leaves one case in which a read may be old: two servers that take themselves for the leader, and the get
reaches the one that is not. There is no swap: 2.9.10 was seen to accept a message on the condition of a last sequence that
an acknowledged message had already passed.
"""
import base64
import json
import os
import socket
import sys
import time

ADDRESSES = dict(pair.split("=", 1) for pair in sys.argv[1].split(","))
STREAM = {"name": "KV", "subjects": ["kv.>", "sync"], "storage": "file", "num_replicas": len(ADDRESSES),
          "max_msgs_per_subject": 1, "retention": "limits", "discard": "new"}
NOT_FOUND, NO_STREAM = 10037, 10059


class NeverSent(Exception):
    """The request did not leave: nothing can have been done."""


class NobodyThere(Exception):
    """No server serves this subject: there is no stream yet, or no leader."""


class Refused(Exception):
    """The system answered with an error."""

    def __init__(self, error):
        super().__init__(json.dumps(error))
        self.code = error.get("err_code")


class Server:
    def __init__(self, request):
        self.end = time.monotonic() + request["timeout_ms"] / 1000
        host, port = ADDRESSES[str(request["node"])].rsplit(":", 1)
        try:
            self.socket = socket.create_connection((host, int(port)), request["timeout_ms"] / 1000)
        except OSError as error:
            raise NeverSent(str(error)) from error
        self.file = self.socket.makefile("rb")
        self.inbox = b"_INBOX." + os.urandom(8).hex().encode()
        self.socket.sendall(b'CONNECT {"verbose":false,"headers":true,"no_responders":true,"protocol":1}\r\n'
                            b"SUB " + self.inbox + b" 1\r\n")

    def line(self):
        self.socket.settimeout(max(0.001, self.end - time.monotonic()))
        line = self.file.readline()
        if not line.endswith(b"\r\n"):
            raise OSError("the server closed before it answered")
        return line.split()

    def request(self, subject, payload):
        """The answer to one request, as JSON."""
        self.socket.sendall(b"PUB %s %s %d\r\n%s\r\n" % (subject.encode(), self.inbox, len(payload), payload))
        while True:
            words = self.line()
            if words[0] == b"PING":
                self.socket.sendall(b"PONG\r\n")
            elif words[0] == b"-ERR":
                raise OSError(b" ".join(words).decode())
            elif words[0] in (b"MSG", b"HMSG"):
                body = self.file.read(int(words[-1]) + 2)[:-2]
                if words[0] == b"HMSG":  # A status and nothing else.
                    raise NobodyThere(body[:int(words[-2])].decode().strip())
                answer = json.loads(body)
                if "error" in answer:
                    raise Refused(answer["error"])
                return answer

    def create(self):
        self.request("$JS.API.STREAM.CREATE.KV", json.dumps(STREAM).encode())


def read(request):
    server = Server(request)
    server.request("sync", b"")
    try:
        found = server.request("$JS.API.STREAM.MSG.GET.KV", json.dumps({"last_by_subj": "kv." + request["key"]}).encode())
    except Refused as error:
        if error.code != NOT_FOUND:
            raise
        return {"type": "ok", "value": None}
    return {"type": "ok", "value": base64.b64decode(found["message"].get("data", "")).decode()}


def write(request):
    Server(request).request("kv." + request["key"], request["value"].encode())
    return {"type": "ok"}


def answer(request):
    change = request["f"] == "write"
    try:
        return {"read": read, "write": write}[request["f"]](request)
    except NeverSent as error:
        return {"type": "fail", "note": str(error)}
    except (NobodyThere, Refused) as error:
        if isinstance(error, NobodyThere) or error.code == NO_STREAM:
            try:
                Server(request).create()  # Done once; after that it changes nothing.
            except (OSError, NeverSent, NobodyThere, Refused):
                pass  # The next request will tell.
        return {"type": "info" if change else "fail", "note": str(error)}
    except OSError as error:
        return {"type": "info" if change else "fail", "note": str(error)}


for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps({"id": asked["id"], **answer(asked)}), flush=True)
