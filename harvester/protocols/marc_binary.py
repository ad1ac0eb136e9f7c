"""Splits a file of binary MARC (ISO 2709) into records: at their end marks, else at leaders, whatever lengths say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO

from harvester.formats.base import UnreadableError
from harvester.formats.marc21 import RECORD_END, split_fields

MOST = 16 << 20
"""Bytes of one record."""
_CHUNK = 1 << 20
_BETWEEN = b"\r\n\t \x00\x1a"
"""What converters leave between records."""
_ANOTHER = re.compile(rb"\x1e(?=\d{5}[a-z][a-z][a-z ]..22\d{5}...45..[0-9A-Z]{3}\d{9})", re.DOTALL)
"""A field's end with a leader and the beginning of a directory after it."""


def split_records(content: IO[bytes]) -> Iterator[tuple[int, bytes, str]]:
    """(byte offset, record with its end mark, what is wrong with it or "") of each record.

    A record cut off at the end of the file, or one over the limit, is told as wrong; reading goes on at the next mark.
    """
    rest = b""
    offset = 0
    skipping = False
    while block := content.read(_CHUNK):
        pieces = (rest + block).split(RECORD_END)
        rest = pieces.pop()
        for piece in pieces:
            start = offset + len(piece) - len(piece.lstrip(_BETWEEN))
            offset += len(piece) + 1
            if skipping:
                skipping = False
            elif piece := piece.lstrip(_BETWEEN):
                for place, record in _parted(piece):
                    yield start + place, record + RECORD_END, ""
        if len(rest) > MOST:
            if not skipping:
                yield offset, rest[:4096], f"more than {MOST >> 20} MB without a record's end (0x1D)"
            skipping = True
            offset += len(rest)
            rest = b""
    if (rest := rest.strip(_BETWEEN)) and not skipping:
        yield offset, rest, "cut off: the file ends before the record does (0x1D)"


def _parted(piece: bytes) -> list[tuple[int, bytes]]:
    """(place, record) of what stands before an end mark: several records where one has lost its own."""
    if piece[:5] == b"%05d" % (len(piece) + 1):
        return [(0, piece)]
    starts = [0, *(match.end() for match in _ANOTHER.finditer(piece))]
    return [(start, piece[start:end]) for start, end in zip(starts, [*starts[1:], len(piece)], strict=True)]


def control_fields(record: bytes) -> dict[str, str]:
    """The leader (under "000") and the first of each control field, and 035 $a under "035".

    Raises:
        UnreadableError: leader or directory cannot be understood.
    """
    found = {"000": record[:24].decode("latin-1")}
    for tag, value in split_fields(record):
        if tag < "010":
            found.setdefault(tag, value.decode("utf-8", "replace").strip())
        elif tag == "035" and tag not in found:
            for piece in value.split(b"\x1f")[1:]:
                if piece.startswith(b"a"):
                    found[tag] = piece[1:].decode("utf-8", "replace").strip()
                    break
    if not found["000"][:5].strip().isdigit() and len(found) == 1:
        raise UnreadableError(f"no leader: the record begins with {record[:24]!r}")
    return found
