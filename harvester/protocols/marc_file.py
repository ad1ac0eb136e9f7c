"""Files of MARC records, binary or XML: a path or an address, packed or not.

The identifier is 001. Several different records of one file with the same 001 are all kept: the second is "<001>#2".
Holdings records (MFHD) that follow their bibliographic record, as 004 says, are stored as part of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from harvester.fetching import Client, FetchError
from harvester.formats.base import UnreadableError
from harvester.formats.mapping import Mapping, mapping_of
from harvester.protocols import marc_binary, marc_xml
from harvester.protocols.base import Fetch
from harvester.protocols.file_pages import Event, FileFetch, Loss, each_part
from harvester.protocols.local_file import Part
from harvester.protocols.names import Names
from schemas.catalogue import Quarantined, RawRecord, Source
from schemas.said import say
from store.codec import digest
from store.sources import SourceState

_HOLDINGS = frozenset("uvxy")
"""Leader/06 of holdings records ..."""
_AUTHORITIES = frozenset("zw")
"""... and of those of names, subjects and classes, by which nothing can be had."""


class _Found(msgspec.Struct):
    """One record of the file."""

    number: int
    position: str
    payload: bytes
    wrong: str
    controls: dict[str, str]

    @property
    def holds(self) -> str:
        """The 001 of the bibliographic record to which this holdings record belongs, "" for other records."""
        return self.controls.get("004", "") if self.controls.get("000", "")[6:7] in _HOLDINGS else ""


def open_marc(source: Source, state: SourceState, checkpoint: dict[str, Any], full: bool, client: Client) -> Fetch:
    """Begin a run over a MARC file. Raises MappingError when the source's mapping cannot be used."""
    mapping = mapping_of(source)

    def read(path: Path, notes: list[str], folder: Path) -> Iterator[Event]:
        with Names(folder, notes, "control number (001)") as names:
            for part, event in each_part(path, notes, lambda part, told: _joined(_records(part, told), told)):
                yield event if isinstance(event, Loss) else _event(source, mapping, event, part, names)

    return FileFetch(source, state, checkpoint, client, read)


def _records(part: Part, notes: list[str]) -> Iterator[_Found]:
    opened = part.opened
    with opened() as content:
        head = content.read(4096).lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00")
    if not head:
        raise FetchError("the file is empty")
    if head[:1] == b"<":
        for number, piece in enumerate(marc_xml.split_records(opened(), opened(), notes), start=1):
            yield _Found(number, *piece)
        return
    with opened() as content:
        for number, (offset, record, wrong) in enumerate(marc_binary.split_records(content), start=1):
            controls: dict[str, str] = {}
            if not wrong:
                try:
                    controls = marc_binary.control_fields(record)
                except UnreadableError as error:
                    wrong = str(error)
            yield _Found(number, f"record {number}, byte {offset}", record, wrong, controls)


def _joined(records: Iterator[_Found], notes: list[str]) -> Iterator[_Found]:
    """Bibliographic records with the holdings records that follow them in one payload; no authorities."""
    waiting: _Found | None = None
    others = 0
    for found in records:
        if not found.wrong and found.controls.get("000", "")[6:7] in _AUTHORITIES:
            others += 1
            continue
        if waiting and found.holds and not found.wrong and found.holds == waiting.controls.get("001"):
            waiting.payload += found.payload
            continue
        if waiting:
            yield waiting
        waiting = found
    if waiting:
        yield waiting
    if others:
        notes.append(say("{n:,} records describe names, subjects or classes (authorities) and were left out", n=others))


def _event(source: Source, mapping: Mapping, found: _Found, part: Part, names: Names) -> Event:
    nameless = f"row:{part.prefix}{found.number}"
    if found.wrong:
        if not found.position:
            return Loss(f"{part.prefix}{found.wrong}")
        return Quarantined(
            source=source.id,
            record=nameless,
            reason=found.wrong,
            position=f"{part.prefix}{found.position}",
            payload=found.payload,
        )
    own = found.controls.get(mapping.record_id[:3] or "001", "") or found.controls.get("035", "")
    name = names.distinct(own, digest(found.payload)) if own else nameless
    return RawRecord(source=source.id, record=name, payload=found.payload)
