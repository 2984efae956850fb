#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Client shim for a map behind HTTP:  shim.py 1=10.77.0.1:8080,2=10.77.0.2:8080,...

Reads one JSON object a line, answers each with one. The one thing to get right is the type:

    ok     the system said that it is done
    fail   it certainly has not been done and never will be: the request never left, or the system
           said so
    info   anything else: a timeout, a connection lost after sending, an error that leaves it open

A wrong "fail" turns a correct system into an invalid one. When in doubt: info.
"""
import http.client
import json
import sys

ADDRESSES = dict(pair.split("=", 1) for pair in sys.argv[1].split(","))


class NeverSent(Exception):
    """The request did not leave: nothing can have been done."""


def call(request, method, path, body=None, headers=None):
    """One HTTP exchange with the node that was asked for: (status, text)."""
    connection = http.client.HTTPConnection(
        ADDRESSES[str(request["node"])], timeout=request["timeout_ms"] / 1000)
    try:
        try:
            connection.connect()
        except OSError as error:
            raise NeverSent(str(error)) from error
        if body is not None:
            body = body.encode()
        connection.request(method, path, body=body, headers=headers or {})
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def read(request):
    status, text = call(request, "GET", "/kv/" + request["key"])
    if status == 200:
        return {"type": "ok", "value": text}
    if status == 404:
        return {"type": "ok", "value": None}  # A key that was never written.
    return {"type": "fail", "note": text}  # A read that has no answer has no effect either.


def write(request):
    status, text = call(request, "PUT", "/kv/" + request["key"], request["value"])
    if status == 204:
        return {"type": "ok"}
    return {"type": "info", "note": text}


def cas(request):
    expected, desired = request["value"]
    if expected is None:
        headers = {"If-None-Match": "*"}
    else:
        headers = {"If-Match": json.dumps(expected)}
    status, text = call(request, "PUT", "/kv/" + request["key"], desired, headers)
    if status == 204:
        return {"type": "ok"}
    if status == 412:  # Something else was there, and the system says what.
        return {"type": "fail", "found": json.loads(text)}
    return {"type": "info", "note": text}


def status_of(request):
    status, text = call(request, "GET", "/status")
    if status != 200:
        return {"type": "fail", "note": text}
    # {"leader": true, "believed_leader": 2, "term": 4, "commit": 17}; leave out what is not known.
    return {"type": "ok", **json.loads(text)}


FUNCTIONS = {"read": read, "write": write, "cas": cas, "status": status_of}

for line in sys.stdin:
    asked = json.loads(line)
    try:
        answer = FUNCTIONS[asked["f"]](asked)
    except NeverSent as error:
        answer = {"type": "fail", "note": str(error)}
    except (OSError, http.client.HTTPException) as error:
        answer = {"type": "fail" if asked["f"] == "read" else "info", "note": str(error)}
    print(json.dumps({"id": asked["id"], **answer}), flush=True)
