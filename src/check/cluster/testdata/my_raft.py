#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The system that adapters/template is written for, of one node: a map in a file, behind HTTP."""
import http.server
import json
import os
import sys
import threading

if sys.argv[1:] == ["--version"]:
    print("my-raft 1.2.3")
    sys.exit(0)

OPTIONS = dict(word[2:].split("=", 1) for word in sys.argv[1:])
FILE = OPTIONS["data"]
LOCK = threading.Lock()
CONTENT = json.load(open(FILE, encoding="utf-8")) if os.path.exists(FILE) else {}
CHANGES = [0]
print(f"a snapshot every {OPTIONS['snapshot-every']} entries", flush=True)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, text=""):
        body = text.encode()
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if status != 204:
            self.wfile.write(body)

    def do_GET(self):
        if self.path == "/health":
            return self.answer(200)
        if self.path == "/status":
            return self.answer(200, json.dumps(
                {"leader": True, "believed_leader": 1, "term": 1, "commit": CHANGES[0]}))
        with LOCK:
            value = CONTENT.get(self.path)
        return self.answer(404) if value is None else self.answer(200, value)

    def do_PUT(self):
        value = self.rfile.read(int(self.headers["Content-Length"])).decode()
        with LOCK:
            found = CONTENT.get(self.path)
            match = self.headers.get("If-Match")
            if ((match is not None and json.loads(match) != found)
                    or (self.headers.get("If-None-Match") and found is not None)):
                return self.answer(412, json.dumps(found))
            CONTENT[self.path] = value
            CHANGES[0] += 1
            with open(FILE + ".new", "w", encoding="utf-8") as file:
                json.dump(CONTENT, file)
            os.replace(FILE + ".new", FILE)
        return self.answer(204)


host, port = OPTIONS["listen"].split(":")
http.server.ThreadingHTTPServer((host, int(port)), Handler).serve_forever()
