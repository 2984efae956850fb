#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""seeds.py PROTOCOL FOLDER: each connection of the captures of PROTOCOL as an input for its fuzz program.

The format is that of src/check/wire/streams_fuzz.h. Packets are taken in the order of their numbers in the stream.
"""
import hashlib
import pathlib
import struct
import sys

HERE = pathlib.Path(__file__).resolve().parent
MOST_BYTES = 16_000  # Of one input: what is longer makes the fuzzer slow.


def packets(content: bytes):
    """The frames of a pcap or pcapng of this machine's byte order."""
    at = 24
    if content[:4] == b"\x0a\x0d\x0d\x0a":
        at = 0
        while at + 12 <= len(content):
            kind, size = struct.unpack_from("<II", content, at)
            if kind == 6:
                captured = struct.unpack_from("<I", content, at + 20)[0]
                yield content[at + 28:at + 28 + captured]
            at += size
        return
    while at + 16 <= len(content):
        size = struct.unpack_from("<I", content, at + 8)[0]
        yield content[at + 16:at + 16 + size]
        at += 16 + size


def segments(content: bytes):
    """Of each TCP packet: both ends, the flags, the number in the stream, what it carries."""
    for frame in packets(content):
        ip = frame[14:] if frame[12:14] == b"\x08\x00" else frame if frame[:1] == b"\x45" else b""
        if len(ip) < 40 or ip[9] != 6:
            continue
        total, head = struct.unpack_from(">H", ip, 2)[0], (ip[0] & 15) * 4
        tcp = ip[head:total]
        source, to, number = struct.unpack_from(">HHI", tcp)
        yield (ip[12:16], source), (ip[16:20], to), tcp[13], number, tcp[(tcp[12] >> 4) * 4:]


def seeds(content: bytes) -> list[bytes]:
    """One input for each connection that is seen from its beginning."""
    inputs, ways, numbers = {}, {}, {}
    for source, to, flags, number, data in segments(content):
        if flags & 0x12 == 2:
            ways[source, to], ways[to, source] = (source, to, 0), (source, to, 1)
            inputs[source, to] = b"\0"
        if (source, to) not in ways:
            continue
        if flags & 2:
            numbers[source, to] = number + 1
        dialer, acceptor, way = ways[source, to]
        if data and numbers.get((source, to)) == number & 0xffffffff and len(data) < 1 << 14:
            numbers[source, to] = (number + len(data)) & 0xffffffff
            inputs[dialer, acceptor] += struct.pack(">H", way << 15 | len(data)) + data
    return [one[:MOST_BYTES] for one in inputs.values() if len(one) > 1]


def main() -> int:
    folder = pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for capture in sorted((HERE / sys.argv[1]).glob("*.pcap*")):
        for one in seeds(capture.read_bytes()):
            (folder / hashlib.sha1(one).hexdigest()).write_bytes(one)
            count += 1
    print(f"{sys.argv[1]}: {count} connections")
    return 0 if count else 1


if __name__ == "__main__":
    sys.exit(main())
