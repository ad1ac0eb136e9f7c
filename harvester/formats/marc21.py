"""Reads binary MARC 21 (ISO 2709), UTF-8 and MARC-8, also where directory or declared encoding are wrong."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from pymarc.marc8 import marc8_to_unicode

from harvester.formats.base import Reader, UnreadableError, tombstone
from harvester.formats.mapping import mapping_of
from harvester.formats.marc import extract
from harvester.formats.marc.record import LONGEST, RECURRING, RECURRING_TAGS, MarcField, MarcRecord
from harvester.formats.marcxml import marcxml
from schemas.catalogue import CatalogueRecord, RawRecord, Source

FIELD_END, SUBFIELD, RECORD_END = b"\x1e", b"\x1f", b"\x1d"
LEADER, ENTRY = 24, 12
_ESCAPE = b"\x1b"


def marc21(source: Source) -> Reader:
    """Format "marc21": the payload is one record as it stands in the file, then its holdings records.

    Files of MARC are told by their first byte, so that XML is read here, too.
    """
    normalise, tags = extract.extractor(mapping_of(source))
    read_xml = marcxml(source)

    def read(raw: RawRecord) -> CatalogueRecord:
        if raw.deleted:
            return tombstone(raw.source, raw.record, raw.datestamp)
        if raw.payload.lstrip()[:1] == b"<":
            return read_xml(raw)
        parts = [part + RECORD_END for part in raw.payload.split(RECORD_END) if part.strip()]
        marc = read_bytes(parts[0] if parts else b"", tags)
        for part in parts[1:]:
            marc.take_holdings(read_bytes(part, tags))
        if extract.is_deleted(marc):
            return tombstone(raw.source, raw.record, raw.datestamp)
        return normalise(marc, raw)

    return read


def read_bytes(data: bytes, tags: frozenset[str], decode: Callable[[bytes], str] | None = None) -> MarcRecord:
    """The fields with these tags of a record.

    Args:
        data: the record.
        tags: which fields.
        decode: decodes its values; by default as MARC 21 is encoded.

    Raises:
        UnreadableError: the leader, the directory or the encoding cannot be understood.
    """
    marc = MarcRecord(leader=data[:LEADER].decode("latin-1"))
    decode = decode or _decoder(data)
    for tag, value in split_fields(data):
        if tag < "010":
            marc.control.setdefault(tag, decode(value).strip("\x1f"))
        elif tag in tags:
            recurs = tag in RECURRING_TAGS and len(value) <= LONGEST and value.isascii() and _ESCAPE not in value
            marc.add(_recurring(tag, value) if recurs else _field(tag, value, decode))
    return marc


def _field(tag: str, value: bytes, decode: Callable[[bytes], str]) -> MarcField:
    pieces = value.split(SUBFIELD)
    indicators = pieces[0].decode("latin-1")
    subfields = [(piece[:1].decode("latin-1"), decode(piece[1:])) for piece in pieces[1:] if len(piece) > 1]
    return MarcField(tag, indicators[:1], indicators[1:2], subfields)


@lru_cache(maxsize=RECURRING)
def _recurring(tag: str, value: bytes) -> MarcField:
    """A field of ASCII, which all encodings have alike: the same object for all records that have it."""
    return _field(tag, value, bytes.decode)


def split_fields(data: bytes) -> list[tuple[str, bytes]]:
    """(tag, content) of each field, by the directory; by the order of the fields where its numbers are wrong.

    Lengths counted in characters instead of bytes are the most frequent fault of converted files; the fields are then
    still in the order of the directory.

    Raises:
        UnreadableError: says what is wrong.
    """
    if len(data) < LEADER + 2:
        raise UnreadableError(f"{len(data)} bytes are too short for a MARC record")
    end = data.find(FIELD_END, LEADER)
    if end < 0:
        raise UnreadableError("the directory has no end (0x1E)")
    directory = data[LEADER:end]
    if len(directory) % ENTRY or not directory:
        raise UnreadableError(f"the directory has {len(directory)} bytes, not a multiple of {ENTRY}")
    base = end + 1
    entries: list[tuple[str, int, int]] = []
    sound = True
    for start in range(0, len(directory), ENTRY):
        entry = directory[start : start + ENTRY]
        tag = entry[:3].decode("latin-1")
        if entry[3:].isdigit():
            entries.append((tag, int(entry[3:7]), int(entry[7:])))
        else:
            entries.append((tag, 0, 0))
            sound = False
    found: list[tuple[str, bytes]] = []
    for tag, length, offset in entries if sound else ():
        value = data[base + offset : base + offset + length]
        # The field must fill the space between two ends exactly; a field over 9,999 bytes cannot say its length.
        before = data[base + offset - 1 : base + offset]
        if value[-1:] != FIELD_END or FIELD_END in value[:-1] or before != FIELD_END:
            sound = False
            break
        found.append((tag, value[:-1]))
    if sound:
        return found
    contents = data[base:].rstrip(RECORD_END).rstrip(b"\r\n")
    pieces = contents.split(FIELD_END)
    if pieces and not pieces[-1]:
        pieces.pop()
    if len(pieces) != len(entries):
        raise UnreadableError(
            f"the directory is wrong and names {len(entries)} fields, but there are {len(pieces)}: cannot be told apart"
        )
    order = sorted(range(len(entries)), key=lambda i: entries[i][2]) if all(e[1] for e in entries) else None
    tags = [entries[i][0] for i in order] if order else [entry[0] for entry in entries]
    return list(zip(tags, pieces, strict=True))


class _decoder:  # noqa: N801 - used like a function
    """Decodes the subfields of one record."""

    def __init__(self, data: bytes) -> None:
        self._ascii = data.isascii() and _ESCAPE not in data
        # A blank in leader/09 says MARC-8, and often lies: valid UTF-8 beyond ASCII is never MARC-8 by chance.
        self._utf8 = data[9:10] == b"a" or (not self._ascii and _ESCAPE not in data and _is_utf8(data))
        if self._utf8 and not self._ascii and not _is_utf8(data):
            self._utf8 = False
            self._latin = not _looks_marc8(data)
        else:
            self._latin = False

    def __call__(self, value: bytes) -> str:
        if self._ascii or (value.isascii() and _ESCAPE not in value):
            return value.decode("ascii")
        if self._utf8:
            return value.decode("utf-8")
        if self._latin:
            return _mixed(value)
        try:
            return str(marc8_to_unicode(value, hide_utf8_warnings=True))
        except (UnicodeError, IndexError, KeyError, ValueError, TypeError) as error:
            raise UnreadableError(f"neither UTF-8 nor MARC-8: {error}") from error


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _looks_marc8(data: bytes) -> bool:
    """Whether there is a combining mark of ANSEL before a letter, or an escape sequence."""
    if _ESCAPE in data:
        return True
    return any(0xE0 <= byte <= 0xFE and data[i + 1 : i + 2].isalpha() for i, byte in enumerate(data[:-1])) and not any(
        0xC4 <= byte <= 0xDF for byte in data
    )


def _mixed(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("cp1252", "replace")
