#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""captures_test.py SEAWORTHY: each capture here gives the messages and the report that stand beside it.

PROTOCOL/NAME.pcap is read twice: its messages are NAME.jsonl, its report and exit code NAME.golden. With
GOLDEN=rewrite in the environment both are written anew; read the difference before you commit it. Then
it is read again as bad captures would have it: parts of it, packets lost, cut, repeated, swapped.
"""
import difflib
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

FOLDER = pathlib.Path(__file__).resolve().parent
MOST_BYTES = 200_000


def output(program: str, capture: pathlib.Path, *flags: str) -> tuple[str, int]:
    """What `wire` prints about a capture, and its exit code."""
    command = [program, "wire", capture.name, "--protocol", capture.parent.name, *flags]
    done = subprocess.run(command, cwd=capture.parent, capture_output=True, text=True, check=False, timeout=60)
    return done.stdout.replace(program, "seaworthy").replace(f"{FOLDER}/", ""), done.returncode


def compare(path: pathlib.Path, actual: str) -> bool:
    if os.environ.get("GOLDEN") == "rewrite":
        path.write_text(actual)
        return True
    expected = path.read_text() if path.exists() else ""
    if actual == expected:
        return True
    lines = difflib.unified_diff(expected.splitlines(True), actual.splitlines(True), str(path), "now")
    sys.stdout.writelines(list(lines)[:60])
    return False


def packets_of(content: bytes) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """The header of a pcap of this machine's byte order, and each packet's record head and bytes."""
    packets, at = [], 24
    while at + 16 <= len(content):
        size = struct.unpack_from("<I", content, at + 8)[0]
        packets.append((content[at:at + 16], content[at + 16:at + 16 + size]))
        at += 16 + size
    return content[:24], packets


def damaged(content: bytes) -> dict[str, bytes]:
    """What bad captures of the same traffic would be."""
    header, packets = packets_of(content)

    def joined(kept) -> bytes:
        return header + b"".join(head + data for head, data in kept)

    def cut(head: bytes, data: bytes, size: int) -> tuple[bytes, bytes]:
        data = data[:size]
        return head[:8] + struct.pack("<I", len(data)) + head[12:], data

    return {
        "begun in the middle": joined(packets[len(packets) // 2:]),
        "ended in the middle": joined(packets[:len(packets) // 2]),
        "torn": joined(packets)[:-5],
        "every 37th packet lost": joined(packet for i, packet in enumerate(packets) if i % 37 != 36),
        "packets cut to 120 bytes": joined(cut(*packet, 120) for packet in packets),
        "each packet twice": joined(packet for packet in packets for _ in range(2)),
        "neighbours swapped": joined(packets[i ^ 1] for i in range(len(packets) & ~1)),
    }


def survives(program: str, capture: pathlib.Path, expected: int) -> bool:
    """What is missing in a capture convicts nobody, and is no reason to acquit."""
    good = True
    for what, content in damaged(capture.read_bytes()).items():
        with tempfile.NamedTemporaryFile(suffix=".pcap") as file:
            file.write(content)
            file.flush()
            command = [program, "wire", file.name, "--protocol", capture.parent.name, "--json", "--summary"]
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        report = json.loads(done.stdout)
        gaps = report["lost_bytes"] > 0 or report["troubles"] or report["messages"] == 0
        allowed = {2} if gaps and expected == 0 else {expected, 2} if gaps else {expected}
        if expected == 1 and "middle" in what:
            allowed |= {0}  # The violation may be in the other half.
        if done.returncode not in allowed:
            print(f"{capture}, {what}: exit {done.returncode}, not {allowed}: {report['checkers']}")
            good = False
    return good


def main(program: str) -> int:
    captures = sorted(FOLDER.glob("*/*.pcap*"))
    assert captures, f"no captures in {FOLDER}"
    good = True
    for capture in captures:
        if capture.stat().st_size > MOST_BYTES:
            print(f"{capture}: larger than {MOST_BYTES} bytes")
            good = False
        messages, _ = output(program, capture, "--json", "--listing")
        report, code = output(program, capture, "--summary")
        good &= compare(capture.with_suffix(".jsonl"), messages)
        good &= compare(capture.with_suffix(".golden"), f"{report}exit: {code}\n")
        if capture.suffix == ".pcap":
            good &= survives(program, capture, code)
    print(f"{len(captures)} captures")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(str(pathlib.Path(sys.argv[1]).resolve())))
