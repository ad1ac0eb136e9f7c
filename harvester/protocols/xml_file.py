"""Files of XML records (MODS, EAD, LIDO, EDM, Dublin Core): a path or an address, packed or not.

A finding aid (EAD) gives one record for each of its units. The identifier is the record's own; several different
records of one file with the same one are all kept: the second is "<identifier>#2". What left the file is gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from lxml import etree

from harvester.fetching import Client, FetchError
from harvester.formats.mapping import mapping_of
from harvester.protocols import ead_units, xml_records
from harvester.protocols.base import Fetch
from harvester.protocols.file_pages import Event, FileFetch
from harvester.protocols.local_file import open_unpacked
from harvester.protocols.names import Names
from schemas.catalogue import Quarantined, RawRecord, Source
from store.codec import digest
from store.sources import SourceState

FORMATS = frozenset({*xml_records.ROOTS, "ead"})
"""Formats of which files are split."""
_PROLOGUE = 1 << 16


def open_xml(source: Source, state: SourceState, checkpoint: dict[str, Any], full: bool, client: Client) -> Fetch:
    """Begin a run over a file of XML. Raises MappingError when the source's mapping cannot be used."""
    mapping_of(source)

    def read(path: Path, notes: list[str], folder: Path) -> Iterator[Event]:
        _refuse_entities(path)
        names = Names(folder, notes, "identifier")
        number = 0
        try:
            for found in _records(path, source.format, notes):
                number += 1
                yield _event(source, found, number, names)
        except etree.XMLSyntaxError as error:
            # The rest of the file is not known: a run that stops here must remove nothing.
            raise FetchError(f"the file is not well-formed XML after {number:,} records: {error.msg}") from error
        finally:
            names.close()
        if not number:
            raise FetchError(f"the file holds no record of the format {source.format}: is it another format?")

    return FileFetch(source, state, checkpoint, client, read)


def _records(path: Path, format_: str, notes: list[str]) -> Iterator[xml_records.Found]:
    if format_ == "ead":
        for name, payload in ead_units.split_units(partial(open_unpacked, path)):
            yield xml_records.Found(record=name, payload=payload)
        return
    with open_unpacked(path) as content:
        yield from xml_records.split_records(content, format_, notes)


def _event(source: Source, found: xml_records.Found, number: int, names: Names) -> Event:
    own = names.distinct(found.record, digest(found.payload)) if found.record else f"row:{number}"
    if found.wrong:
        return Quarantined(
            source=source.id, record=own, reason=found.wrong, position=f"record {number}", payload=found.payload
        )
    return RawRecord(
        source=source.id, record=own, payload=found.payload, datestamp=found.datestamp, deleted=found.deleted
    )


def _refuse_entities(path: Path) -> None:
    """A <!DOCTYPE> that only names EAD's DTD is harmless and never read; declared entities are not."""
    with open_unpacked(path) as content:
        head = content.read(_PROLOGUE)
    if not head:
        raise FetchError("the file is empty")
    if b"<!ENTITY" in head or "<!ENTITY".encode("utf-16-le") in head or "<!ENTITY".encode("utf-16-be") in head:
        raise FetchError("the file declares entities (<!ENTITY>), which is refused: save it with them resolved")
