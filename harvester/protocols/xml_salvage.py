"""Reads a file of XML that is not well-formed record by record: what reads is kept, the rest keeps its bytes and place.

Nothing here guesses: every record is parsed strictly by itself, after what XML forbids was taken out where that is all
that is wrong with it. A file that ends before its outermost element does is told of, since more may have followed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import IO

import msgspec

from harvester.formats.base import UnreadableError
from harvester.formats.xml import Element, parse
from harvester.protocols.xml_mend import mend

MOST = 16 << 20
"""Bytes of one record."""
_CHUNK = 1 << 18
_OPENING = re.compile(rb"<((?:[\w.-]+:)?[\w.-]+)((?:\s+[\w:.-]+\s*=\s*(?:\"[^\"]*\"|'[^']*'))*)\s*>")
_ENCODING = re.compile(rb"^\s*+<\?xml(?=[^>]*\?>)[^>]*?encoding\s*+=\s*+[\"']([\w.-]+)[\"']")


class Piece(msgspec.Struct, kw_only=True):
    """A record of the file, or what is left of one."""

    number: int
    """Counted from 1, broken ones too; 0: not a record, but what is wrong with the end of the file."""
    offset: int = 0
    payload: bytes = b""
    element: Element | None = None
    """Parsed; None where ``wrong`` says why not."""
    wrong: str = ""

    @property
    def position(self) -> str:
        """For people."""
        return f"record {self.number}, byte {self.offset}"


def one_by_one(
    content: IO[bytes], names: frozenset[str], notes: list[str], *, skip: int = 0, holds: bytes = b""
) -> Iterator[Piece]:
    """The records of a damaged file.

    Args:
        content: the unpacked file, from its beginning.
        names: local names of the element that is a record.
        notes: told how many records had to be mended.
        skip: records that are known already.
        holds: regular expression of what a record has inside, where its name is also that of elements around it.
    """
    yield from _Salvage(names, notes, holds).pieces(content, skip)


class _Salvage:
    def __init__(self, names: frozenset[str], notes: list[str], holds: bytes) -> None:
        either = "|".join(map(re.escape, sorted(names))).encode()
        self._start = re.compile(rb"<(?:[\w.-]+:)?(?:" + either + rb")(?=[\s>/])")
        self._end = re.compile(rb"</(?:[\w.-]+:)?(?:" + either + rb")\s*>")
        self._holds = re.compile(holds)
        self._notes, self._mended = notes, 0
        self._opening, self._closing, self._depth, self._encoding = b"", b"", 0, ""
        self._root_end: re.Pattern[bytes] | None = None

    def pieces(self, content: IO[bytes], skip: int) -> Iterator[Piece]:
        number, last = 0, b""
        for offset, text in self._chunks(content):
            last = text
            if not number and not self._opening:
                self._learn_frame(text)
            for start, record, wrong in self._records(text):
                number += 1
                if number > skip:
                    yield self._read(Piece(number=number, offset=offset + start, payload=record, wrong=wrong))
        if self._mended:
            self._notes.append(f"{self._mended:,} records had to be mended to be read")
        if self._root_end is not None and not self._root_end.search(last):
            yield Piece(
                number=0, wrong="the file ends before its outermost element does: more records may have followed"
            )

    def _learn_frame(self, text: bytes) -> None:
        """The start tags before the first record that declare prefixes, and the encoding."""
        first = self._start.search(text)
        head = text[: first.start()] if first else text
        tags = list(_OPENING.finditer(head))
        kept = [match for match in tags if b"xmlns" in match[2]]
        said = _ENCODING.match(head.removeprefix(b"\xef\xbb\xbf"))
        declared = b"<?xml version='1.0' encoding='" + said[1] + b"'?>" if said else b""
        self._encoding = said[1].decode() if said and said[1].lower() not in {b"utf-8", b"utf8"} else ""
        self._opening = declared + b"".join(match[0] for match in kept)
        self._closing = b"".join(b"</" + match[1] + b">" for match in reversed(kept))
        self._depth = len(kept)
        if tags:
            self._root_end = re.compile(b"</" + re.escape(tags[0][1]) + rb"\s*>")

    def _records(self, text: bytes) -> Iterator[tuple[int, bytes, str]]:
        """(offset, bytes, what is wrong) of the records in a stretch that ends where a record does, or the file."""
        starts = [match.start() for match in self._start.finditer(text)]
        ended = bool(self._end.search(text, starts[-1] if starts else 0))
        if not starts:
            if ended and self._holds.search(text) and text[: text.rfind(b"</")].strip():
                yield 0, text, "its start tag is missing or damaged"
            return
        for start, end in pairwise(starts):
            inside = text[start:end]
            if self._holds.search(inside) if self._holds.pattern else inside.strip():
                yield start, inside, "its end tag is missing"
        record = text[starts[-1] :]
        if not ended:
            yield starts[-1], record, "cut off: the file ends before the record does"
        elif self._holds.search(record):
            yield starts[-1], record, ""

    def _read(self, piece: Piece) -> Piece:
        if not piece.wrong:
            try:
                piece.element = self._parse(piece.payload)
            except UnreadableError as error:
                piece.wrong = str(error)
                self._mend(piece)
        return piece

    def _mend(self, piece: Piece) -> None:
        try:
            # Bytes that are not UTF-8 are taken for Windows-1252 only where the file does not name another encoding.
            data = piece.payload.decode(self._encoding).encode() if self._encoding else piece.payload
            text, repairs = mend(data)
            element = self._parse(text.encode(), declared=False) if repairs else None
        except (UnreadableError, UnicodeDecodeError, LookupError):
            return  # what is wrong with the record as it came is told
        if element is not None:
            piece.element, piece.wrong = element, ""
            self._mended += 1

    def _parse(self, record: bytes, *, declared: bool = True) -> Element:
        opening = self._opening if declared else re.sub(rb"^<\?xml[^>]*\?>", b"", self._opening)
        element = parse(opening + record + self._closing)
        for _ in range(self._depth):
            element = element[0]
        return element

    def _chunks(self, content: IO[bytes]) -> Iterator[tuple[int, bytes]]:
        """The file cut behind each end tag of a record: (byte offset, bytes). The last one is what is left."""
        rest, offset = b"", 0
        while block := content.read(_CHUNK):
            rest += block
            start = 0
            for match in self._end.finditer(rest):
                yield offset + start, rest[start : match.end()]
                start = match.end()
            offset += start
            rest = rest[start:]
            if len(rest) > MOST:
                yield offset, rest
                offset += len(rest)
                rest = b""
        yield offset, rest
