"""Files of XML records (MODS, EAD, LIDO, EDM, Dublin Core): a file, a folder or an address, packed or not.

A finding aid (EAD) gives one record for each of its units. The identifier is the record's own; several different
records of one file with the same one are all kept: the second is "<identifier>#2". What left the file is gone.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from lxml import etree

from harvester.fetching import Client, FetchError
from harvester.formats.mapping import mapping_of
from harvester.protocols import ead_units, xml_records
from harvester.protocols.base import Fetch
from harvester.protocols.file_pages import Event, FileFetch, Loss, each_part
from harvester.protocols.local_file import Part
from harvester.protocols.names import Names
from harvester.protocols.xml_mend import mend
from schemas.catalogue import Quarantined, RawRecord, Source
from store.codec import digest
from store.sources import SourceState

FORMATS = frozenset({*xml_records.ROOTS, "ead"})
"""Formats of which files are split."""
_PROLOGUE = 1 << 16
_MOST_MENDED = 64 << 20
_ENCODING = re.compile(rb"\s*<\?xml[^>]*encoding\s*=\s*[\"']([\w.-]+)")
_OAI_HEADER = re.compile(rb"<(?:[\w.-]+:)?header\b")


def open_xml(source: Source, state: SourceState, checkpoint: dict[str, Any], full: bool, client: Client) -> Fetch:
    """Begin a run over a file of XML. Raises MappingError when the source's mapping cannot be used."""
    mapping_of(source)

    def read(path: Path, notes: list[str], folder: Path) -> Iterator[Event]:
        with Names(folder, notes, "identifier") as names:
            for part, found in each_part(path, notes, lambda part, told: _records(part, source.format, told)):
                yield found if isinstance(found, Loss) else _event(source, found, part, names)

    return FileFetch(source, state, checkpoint, client, read)


def _records(part: Part, format_: str, notes: list[str]) -> Iterator[xml_records.Found]:
    """The records of one file; of one that is not well-formed, all that can be read."""
    head = _head(part)
    number = unit = 0
    try:
        for found in _of_whole(part, format_, notes):
            number, unit = number + 1, found.unit
            found.number = number
            yield found
    except etree.XMLSyntaxError as error:
        if format_ == "ead":  # its units inherit from each other, so that it is read whole or not at all
            yield from _mended_aid(part, error, notes)
            return
        wrong = f"the file is not well-formed XML ({error.msg}): its records were read one by one"
        yield xml_records.Found(record="", payload=b"", wrong=wrong)
        with part.opened() as content:
            oai = bool(_OAI_HEADER.search(head))
            for found in xml_records.salvage_records(content, format_, notes, oai=oai, after=unit):
                number += bool(found.unit)
                found.number = number if found.unit else 0
                yield found
    if not number:
        raise FetchError(f"the file holds no record of the format {format_}: is it another format?")


def _of_whole(part: Part, format_: str, notes: list[str]) -> Iterator[xml_records.Found]:
    if format_ == "ead":
        for name, payload in ead_units.split_units(part.opened):
            yield xml_records.Found(record=name, payload=payload)
        return
    with part.opened() as content:
        yield from xml_records.split_records(content, format_, notes)


def _mended_aid(part: Part, error: etree.XMLSyntaxError, notes: list[str]) -> Iterator[xml_records.Found]:
    """The units of a finding aid with nothing wrong but characters that XML forbids, stray ampersands and the like."""
    trouble = FetchError(f"the file is not well-formed XML: {error.msg}")
    with part.opened() as content:
        data = content.read(_MOST_MENDED + 1)
    encoding = _ENCODING.match(data)
    if len(data) > _MOST_MENDED or (encoding and encoding[1].lower() not in {b"utf-8", b"utf8"}):
        raise trouble
    text, repairs = mend(data)
    mended = text.encode()
    try:
        for number, (name, payload) in enumerate(ead_units.split_units(lambda: nullcontext(io.BytesIO(mended))), 1):
            yield xml_records.Found(record=name, payload=payload, number=number)
    except etree.XMLSyntaxError:
        raise trouble from error
    notes += [f"mended: {what}" for what in repairs]


def _event(source: Source, found: xml_records.Found, part: Part, names: Names) -> Event:
    nameless = f"row:{part.prefix}{found.number}"
    own = names.distinct(found.record, digest(found.payload)) if found.record else nameless
    if found.wrong:
        if not found.number:
            return Loss(f"{part.prefix}{found.wrong}")
        return Quarantined(
            source=source.id,
            record=own,
            reason=found.wrong,
            position=f"{part.prefix}{found.position or f'record {found.number}'}",
            payload=found.payload,
        )
    return RawRecord(
        source=source.id, record=own, payload=found.payload, datestamp=found.datestamp, deleted=found.deleted
    )


def _head(part: Part) -> bytes:
    """The beginning of a file. A <!DOCTYPE> that only names EAD's DTD is harmless; declared entities are not."""
    with part.opened() as content:
        head = content.read(_PROLOGUE)
    if not head:
        raise FetchError("the file is empty")
    if b"<!ENTITY" in head or "<!ENTITY".encode("utf-16-le") in head or "<!ENTITY".encode("utf-16-be") in head:
        raise FetchError("the file declares entities (<!ENTITY>), which is refused: save it with them resolved")
    return head
