# SPDX-License-Identifier: Apache-2.0
"""The frames that nodes send each other (docs/formats/peer-protocol.md), and somebody who stands at a node's address."""
import dataclasses
import socket
import struct
import threading

HELLO = 1
HEAD = struct.Struct("<IIBBHIIQQQ")  # Length, checksum, version, type, 0, from, to, cluster, lives.
TCP_REPAIR = 19  # <linux/tcp.h>


def crc32c_table() -> list[int]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


TABLE = crc32c_table()


def crc32c(data: bytes) -> int:
    value = 0xFFFFFFFF
    for byte in data:
        value = TABLE[(value ^ byte) & 0xFF] ^ value >> 8
    return value ^ 0xFFFFFFFF


@dataclasses.dataclass(frozen=True)
class Frame:
    type: int
    sender: int
    receiver: int
    cluster: int
    sender_life: int
    receiver_life: int = 0
    body: bytes = b""
    version: int = 2

    def encode(self) -> bytes:
        size = HEAD.size + len(self.body) - 8
        head = HEAD.pack(size, 0, self.version, self.type, 0, self.sender, self.receiver, self.cluster,
                         self.sender_life, self.receiver_life)
        return head[:4] + struct.pack("<I", crc32c(head[:4] + head[8:] + self.body)) + head[8:] + self.body


def hello_body(version: int = 2) -> bytes:
    return struct.pack("<BQQ", version, 0, 0)


def read_frame(connection: socket.socket) -> Frame | None:
    """The next one; nothing if the other end closed."""
    def exactly(count: int) -> bytes:
        data = b""
        while len(data) < count:
            try:
                more = connection.recv(count - len(data))
            except TimeoutError:  # So that who closes it meanwhile need not wait for long.
                continue
            if not more:
                raise EOFError
            data += more
        return data
    try:
        prefix = exactly(8)
        rest = exactly(struct.unpack_from("<I", prefix)[0])
    except (EOFError, OSError):
        return None
    fields = HEAD.unpack((prefix + rest)[:HEAD.size])
    return Frame(fields[3], fields[5], fields[6], fields[7], fields[8], fields[9], rest[HEAD.size - 8:], fields[2])


class Peer:
    """Listens where node `node` should be, and greets whoever connects, as `greet(its Hello)` says."""

    def __init__(self, node: int, port: int, life: int = 31, greet=None):
        self.node, self.life, self.greet = node, life, greet or self.hello
        self.listener = socket.create_server(("127.0.0.1", port))
        self.connections: dict[int, socket.socket] = {}  # By the node that opened it.
        self.heard: list[Frame] = []
        threading.Thread(target=self.accept, daemon=True).start()

    def hello(self, theirs: Frame) -> Frame:
        return Frame(HELLO, self.node, theirs.sender, theirs.cluster, self.life, theirs.sender_life, hello_body())

    def accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection: socket.socket) -> None:
        connection.settimeout(0.05)
        if (theirs := read_frame(connection)) is not None:
            connection.sendall(self.greet(theirs).encode())
            self.connections[theirs.sender] = connection
            while (frame := read_frame(connection)) is not None:
                self.heard.append(frame)
        connection.close()

    def vanish(self) -> None:
        """Is gone without a word, as when its machine loses power: nothing is sent to those who are connected.
        In a network namespace of our own."""
        self.stop_listening()
        for connection in self.connections.values():
            connection.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
            connection.close()

    def stop_listening(self) -> None:
        try:
            self.listener.shutdown(socket.SHUT_RDWR)  # Wakes who waits for it.
        except OSError:
            pass  # It is closed already.
        self.listener.close()

    def close(self) -> None:
        self.stop_listening()
        for connection in self.connections.values():
            connection.close()
