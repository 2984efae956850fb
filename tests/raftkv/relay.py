# SPDX-License-Identifier: Apache-2.0
"""Relays between the nodes of a cluster: what is said to a node goes through one, over TCP and UDP."""
import random
import socket
import threading

from cluster import Cluster


class Relay:
    """Hands on what is said to a port of its own to `target`, and remembers all of it. Of `loss` in a hundred datagrams
    each, some are lost, come twice, come late and come with a flipped bit."""

    def __init__(self, target: int, loss: int = 0, seed: int = 1):
        self.target, self.loss, self.random = target, loss, random.Random(seed)
        self.seen, self.datagrams, self.longest = bytearray(), 0, 0
        while True:  # Until the kernel's choice for one is free for the other, too.
            self.listener = socket.create_server(("127.0.0.1", 0))
            self.port = self.listener.getsockname()[1]
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                self.socket.bind(("127.0.0.1", self.port))
                break
            except OSError:
                self.close()
        threading.Thread(target=self.accept, daemon=True).start()
        threading.Thread(target=self.relay_datagrams, daemon=True).start()

    def relay_datagrams(self) -> None:
        late = b""
        while True:
            try:
                data = self.socket.recv(65536)
            except OSError:
                return
            if not data and self.listener.fileno() < 0:
                return
            self.datagrams += 1
            self.longest = max(self.longest, len(data))
            self.seen += data
            draw = self.random.randrange(100)
            if draw < self.loss:
                continue
            if draw < 2 * self.loss:
                self.hand_on(data)
            elif draw < 3 * self.loss:
                late, data = data, late
            elif draw < 4 * self.loss:
                data = bytearray(data)
                data[self.random.randrange(len(data))] ^= 1 << self.random.randrange(8)
            self.hand_on(data)

    def hand_on(self, data: bytes) -> None:
        try:
            if data:
                self.socket.sendto(data, ("127.0.0.1", self.target))
        except OSError:
            pass  # Nobody is there now.

    def accept(self) -> None:
        while True:
            try:
                here, _ = self.listener.accept()
            except OSError:
                return
            try:
                there = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                here.close()
                continue
            threading.Thread(target=self.join, args=(here, there), daemon=True).start()

    def join(self, here: socket.socket, there: socket.socket) -> None:
        with here, there:
            back = threading.Thread(target=self.pump, args=(there, here), daemon=True)
            back.start()
            self.pump(here, there)
            back.join()

    def pump(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                self.seen += data
                target.sendall(data)
        except OSError:
            pass
        for one in (source, target):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self) -> None:
        self.listener.close()
        try:
            self.socket.shutdown(socket.SHUT_RDWR)  # Wakes who waits for it.
        except OSError:
            pass
        self.socket.close()


class RelayedCluster(Cluster):
    """A cluster whose nodes reach each other through relays. `own`: options of each node."""

    def __init__(self, program: str, own=lambda node: [], options: tuple[str, ...] = (), loss: int = 0):
        super().__init__(program, options=options)
        self.relays = {node: Relay(port, loss, node) for node, port in self.peer_ports.items()}
        self.own = {node: own(node) for node in self.ids}

    def __exit__(self, *_):
        super().__exit__()
        for relay in self.relays.values():
            relay.close()

    def command(self, node: int) -> list[str]:
        words = super().command(node)
        place = words.index("--peers") + 1
        words[place] = ",".join(f"{i}=127.0.0.1:{self.peer_ports[i] if i == node else self.relays[i].port}"
                                for i in self.ids)
        return words + self.own[node]

    def seen(self) -> bytes:
        return b"".join(bytes(relay.seen) for relay in self.relays.values())
