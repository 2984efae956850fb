#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""record.py NAME [BIN]: makes a capture of this folder anew, with tcpdump on the loopback (as root).

  raftkv/healthy     elections, writes, the leader's death and return
  raftkv/udp         the same over UDP
  raftkv/lost-tail   a follower dies and returns, and has forgotten what it acknowledged (broken/raftkv)
  etcd/healthy       the same, and a transfer of leadership
  libraft/healthy    the same as raftkv/healthy
  libraft/old-term   the leader dies before others know what is committed: the next one counts it as its own
  TARGET/healthy     the beginning of a run of `seaworthy check` with this target, seen by the monitor `observe`

BIN is the folder of our programs (build/dev/bin). The messages go beside it with
GOLDEN=rewrite captures_test.py. What is recorded differs from time to time: look at the difference.
"""
import base64
import json
import pathlib
import signal
import struct
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent / "raftkv"))
import cluster  # noqa: E402

PEERS = {node: 27000 + node for node in (1, 2, 3)}
CLIENTS = {node: 27010 + node for node in (1, 2, 3)}
MOST_BYTES = 150_000


class Capture:
    """tcpdump of all peer ports into `path`, from `with` to its end."""

    def __init__(self, path: pathlib.Path):
        path.parent.mkdir(exist_ok=True)
        ports = " or ".join(f"port {port}" for port in PEERS.values())
        self.command = ["tcpdump", "-i", "lo", "-s", "0", "-U", "-B", "8192", "--immediate-mode", "-w", str(path), ports]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stderr=subprocess.PIPE, text=True)
        line = self.process.stderr.readline()
        assert "listening" in line, line

    def __exit__(self, *_):
        time.sleep(0.5)  # The last packets are on their way through the kernel.
        self.process.send_signal(signal.SIGINT)
        print(self.process.communicate()[1].strip())


def raftkv(program: pathlib.Path, options: tuple[str, ...], path: pathlib.Path, victim_leads: bool) -> None:
    """Writes, the death of the leader or of a follower, writes, its return, writes."""
    nodes = cluster.Cluster(str(program), 3, ("--heartbeat-ms", "100", *options))
    nodes.peer_ports, nodes.client_ports = PEERS, CLIENTS
    with Capture(path), nodes:
        leader = nodes.leader()
        client = nodes.client(leader)
        for i in range(20):
            client.call("SET", f"key{i % 4}", f"value {i}")
        client.close()
        victim = leader if victim_leads else next(i for i in nodes.ids if i != leader)
        nodes.end(victim, signal.SIGKILL)
        client = nodes.client(nodes.leader())
        client.call("SET", "key", "while it was dead")
        time.sleep(0.5)  # Others dial it in vain: so the wire shows that it is dead.
        nodes.start(victim)
        client.call("SET", "key", "it is back")
        client.close()
        time.sleep(1)  # A rest, to be seen on the wire.


def etcd_call(node: int, path: str, body: dict) -> dict:
    request = urllib.request.Request(f"http://127.0.0.1:{CLIENTS[node]}/v3/{path}", json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def etcd(path: pathlib.Path) -> None:
    """Writes, the leader's death and return, a transfer of leadership."""
    members = ",".join(f"n{i}=http://127.0.0.1:{port}" for i, port in PEERS.items())
    with tempfile.TemporaryDirectory() as folder, Capture(path):
        nodes = {}

        def start(i: int) -> None:
            peer, serve = f"http://127.0.0.1:{PEERS[i]}", f"http://127.0.0.1:{CLIENTS[i]}"
            nodes[i] = subprocess.Popen(
                ["etcd", "--name", f"n{i}", "--data-dir", f"{folder}/n{i}", "--listen-peer-urls", peer,
                 "--initial-advertise-peer-urls", peer, "--listen-client-urls", serve, "--advertise-client-urls",
                 serve, "--initial-cluster", members, "--heartbeat-interval", "100", "--election-timeout", "500",
                 "--logger", "zap", "--log-level", "error"], stderr=subprocess.DEVNULL)

        def put(i: int, value: str) -> bool:
            key = base64.b64encode(b"key").decode()
            try:
                etcd_call(i, "kv/put", {"key": key, "value": base64.b64encode(value.encode()).decode()})
                return True
            except (urllib.error.URLError, OSError):
                return False

        def leader(i: int) -> int:
            status = etcd_call(i, "maintenance/status", {})
            members_now = etcd_call(i, "cluster/member/list", {})["members"]
            return next((int(member["name"][1:]) for member in members_now
                         if member["ID"] == status.get("leader") and member.get("name")), 0)

        try:
            for i in PEERS:
                start(i)
            cluster.until(lambda: put(1, "first"))
            for i in range(10):
                put(1 + i % 3, f"value {i}")
            victim = cluster.until(lambda: leader(1))
            other = next(i for i in PEERS if i != victim)
            nodes[victim].kill()
            nodes[victim].wait()
            cluster.until(lambda: put(other, "while it was dead"))
            start(victim)
            cluster.until(lambda: put(victim, "it is back"))
            now = cluster.until(lambda: leader(other))
            target = next(i for i in PEERS if i != now)
            name = next(member["ID"] for member in etcd_call(now, "cluster/member/list", {})["members"]
                        if member["name"] == f"n{target}")
            etcd_call(now, "maintenance/transfer-leadership", {"targetID": name})
            cluster.until(lambda: put(target, "handed over"))
        finally:
            for process in nodes.values():
                process.kill()
                process.wait()


def libraft(program: pathlib.Path, path: pathlib.Path, all_know: bool) -> None:
    """Writes, the leader's death and return; all know by then what was committed, or they do not."""
    peers = ",".join(f"{i}=127.0.0.1:{port}" for i, port in PEERS.items())
    clients = {i: f"127.0.0.1:{port}" for i, port in CLIENTS.items()}
    shim = FOLDER.parent.parent / "adapters" / "libraft" / "shim.py"
    with tempfile.TemporaryDirectory() as folder, Capture(path), subprocess.Popen(
            ["python3", shim, ",".join(f"{i}={address}" for i, address in clients.items())],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as client:
        nodes = {}

        def start(i: int) -> None:
            nodes[i] = subprocess.Popen([program, str(i), clients[i], f"{folder}/{i}", peers])

        def ask(node: int, what: str, **more: str) -> dict:
            client.stdin.write(json.dumps({"id": 1, "node": node, "f": what, "timeout_ms": 1000, **more}) + "\n")
            client.stdin.flush()
            return json.loads(client.stdout.readline())

        def put(node: int, value: str) -> bool:
            return ask(node, "write", key="key", value=value)["type"] == "ok"

        try:
            for i in PEERS:
                start(i)
            cluster.until(lambda: put(1, "first"))
            for i in range(20):
                put(1 + i % 3, f"value {i}")
            victim = ask(1, "status")["believed_leader"]
            other = next(i for i in PEERS if i != victim)
            if all_know:
                cluster.until(lambda: len({ask(i, "status")["commit"] for i in PEERS}) == 1)
            nodes[victim].kill()
            nodes[victim].wait()
            cluster.until(lambda: put(other, "while it was dead"))
            start(victim)
            cluster.until(lambda: put(victim, "it is back"))
            cluster.until(lambda: ask(victim, "read", key="key").get("value") == "it is back")
        finally:
            client.stdin.close()
            for process in nodes.values():
                process.kill()
                process.wait()


def run_of(programs: pathlib.Path, target: str, path: pathlib.Path) -> None:
    """A short run without faults; of its traffic as many whole blocks as there is room for."""
    path.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([programs / "seaworthy", "check", "--target", target, "--nodes", "3", "--clients", "1", "--keys", "2",
                        "--plan", "none", "--time", "2", "--monitor", "observe", "--out", f"{folder}/run"], check=False)
        content = pathlib.Path(f"{folder}/run/traffic.pcapng").read_bytes()
    end = 0
    while end + 8 <= len(content):
        size = struct.unpack_from("<I", content, end + 4)[0]
        if end + size > min(len(content), MOST_BYTES):
            break
        end += size
    path.with_suffix(".pcapng").write_bytes(content[:end])


def main() -> int:
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    programs = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else "build/dev/bin").resolve()
    path = FOLDER / f"{name}.pcap"
    if name == "raftkv/healthy":
        raftkv(programs / "raftkv", (), path, True)
    elif name == "raftkv/udp":
        raftkv(programs / "raftkv", ("--transport", "udp"), path, True)
    elif name == "raftkv/lost-tail":
        raftkv(programs / "broken" / "raftkv", ("--broken", "lost-tail"), path, False)
    elif name == "etcd/healthy":
        etcd(path)
    elif name in ("libraft/healthy", "libraft/old-term"):
        libraft(programs / "libraft-node", path, name.endswith("healthy"))
    elif name.endswith("/healthy"):
        run_of(programs, path.parent.name, path)
    else:
        print(__doc__, file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
