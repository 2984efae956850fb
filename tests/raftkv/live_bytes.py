# SPDX-License-Identifier: Apache-2.0
"""Where the live bytes of a stopped node lie: pieces of its files, as docs/formats describes them."""
import dataclasses
import pathlib
import struct

SECTOR = 512
DATA = 508  # Of a sector, before its stamp.
DESCRIPTOR = 72


@dataclasses.dataclass(frozen=True)
class Piece:
    """The bytes begin..end of `file`. Damage in them may be named by any byte from `unit` on up to itself."""
    file: str
    what: str
    begin: int
    end: int
    unit: int


def frame_pieces(name: str, at: int, sectors: int, body: int) -> list[Piece]:
    trailer = at + sectors * SECTOR - 4 - DESCRIPTOR
    pieces = [Piece(name, "frame header", at, at + DESCRIPTOR, at),
              Piece(name, "frame trailer", trailer, trailer + DESCRIPTOR, at)]
    for sector in range(sectors):
        stamp = at + sector * SECTOR + DATA
        pieces.append(Piece(name, "stamp", stamp, stamp + 4, at))
    begin, left = DESCRIPTOR, body
    for sector in range(sectors):
        first = at + sector * SECTOR
        count = min(left, DATA - begin)
        if count > 0:
            pieces.append(Piece(name, "record", first + begin, first + begin + count, at))
        rest = DATA - DESCRIPTOR if sector == sectors - 1 else DATA
        if begin + count < rest:
            pieces.append(Piece(name, "padding", first + begin + count, first + rest, at))
        begin, left = 0, left - count
    return pieces


def segment_pieces(path: pathlib.Path, void_from: int) -> list[Piece]:
    """Frames from `void_from` on are void: a later segment, written when damage was found, continues before them."""
    raw, pieces, at = path.read_bytes(), [], SECTOR
    while raw[at:at + 2] == b"HF" and struct.unpack_from("<Q", raw, at + 8)[0] < void_from:
        flags, = struct.unpack_from("<H", raw, at + 2)
        body, = struct.unpack_from("<I", raw, at + 24)
        sectors = max((2 * DESCRIPTOR + body + DATA - 1) // DATA, 2 if flags & 2 else 1)
        pieces += frame_pieces(path.name, at, sectors, body)
        at += sectors * SECTOR
    # Of a segment that is only prepared nothing lives.
    return [Piece(path.name, "segment header", 0, SECTOR, 0), *pieces] if pieces else []


def snapshot_pieces(path: pathlib.Path) -> list[Piece]:
    raw = path.read_bytes()
    at = 44 + struct.unpack_from("<I", raw, 40)[0]
    pieces = [Piece(path.name, "snapshot header", 0, at, 0)]
    while raw[at:at + 4] == b"CHNK":
        end = at + 16 + struct.unpack_from("<I", raw, at + 8)[0]
        pieces += [Piece(path.name, "chunk header", at, at + 16, at), Piece(path.name, "chunk", at + 16, end, at)]
        at = end
    return [*pieces, Piece(path.name, "snapshot end", at, at + 32, at)]


def mapped_pieces(path: pathlib.Path) -> list[Piece]:
    raw = path.read_bytes()
    slots = [at for at in range(0, 4 * SECTOR, SECTOR) if any(raw[at:at + SECTOR])]
    pieces = [Piece(path.name, f"slot {at // SECTOR}", at, at + SECTOR, at) for at in slots]
    newest = max(slots, key=lambda at: struct.unpack_from("<Q", raw, at + 32)[0])
    at, stop = struct.unpack_from("<QQ", raw, newest + 40)
    while at < stop:
        end = at + 16 + struct.unpack_from("<I", raw, at + 8)[0]
        pieces += [Piece(path.name, "batch header", at, at + 16, at), Piece(path.name, "record", at + 16, end, at)]
        at = end
    return pieces


def live_pieces(folder: pathlib.Path) -> list[Piece]:
    pieces, void_from = [], 1 << 63
    for path in sorted(folder.iterdir(), reverse=True):
        if path.suffix == ".journal":
            pieces += segment_pieces(path, void_from)
            raw = path.read_bytes()
            if raw[:8] == b"SWJOURNL":  # It was begun.
                void_from = min(void_from, struct.unpack_from("<Q", raw, 56)[0])
        elif path.suffix == ".snapshot":
            pieces += snapshot_pieces(path)
        elif path.suffix == ".mapped":
            pieces += mapped_pieces(path)
    return [piece for piece in pieces if piece.begin < piece.end]
