"""Looks at a file: what it is, its columns, its records. Of one with an address only the beginning is fetched."""

from __future__ import annotations

import zlib
from pathlib import Path

import msgspec

from harvester.csv_preview import in_words, preview
from harvester.fetching import FetchError
from harvester.formats import FORMATS
from harvester.formats.base import MappingError
from harvester.probe.kind import Kind
from harvester.probe.look import Look
from harvester.probe.recognise import recognise, recognise_file
from harvester.probe.samples import look_at_records
from harvester.protocols import PROTOCOLS
from harvester.protocols.json_table import is_json, is_lines
from schemas.catalogue import Source
from schemas.probe import Column
from schemas.said import say
from store.sources import SourceState

MOST = 4 << 20
"""Bytes of a file with an address that are looked at."""


def fetch_beginning(look: Look, address: str, folder: Path) -> tuple[Path, bool]:
    """The beginning of a file with an address, unpacked as far as it goes, and whether that is all of it.

    Raises:
        FetchError: it cannot be had, or cannot be looked at in part.
    """
    answer = look.client.beginning(address, MOST)
    content, whole = answer.content, not answer.cut
    size = f"{len(content) / (1 << 20):.1f} MB"
    if not whole and content.startswith(b"\x1f\x8b"):
        content = zlib.decompressobj(47).decompress(content, 4 * MOST)
    elif not whole and content.startswith(b"PK\x03\x04"):
        raise FetchError(
            say("the file is packed and larger than a look may take ({size}), so that it cannot be looked at in part",
                size=size)
        )  # fmt: skip
    if not whole and is_json(content) and not is_lines(content):
        raise FetchError(
            say(
                "the file is one JSON document, larger than a look may take ({size}): as JSON Lines it could be",
                size=size,
            )
        )
    if not whole:
        # Cut where a record ends; what is left of a record of XML is known by its missing end.
        end = {"csv": b"\n", "marc": b"\x1d"}.get(recognise(content).protocol, b">")
        content = content[: content.rfind(end if not content.lstrip().startswith(b"<") else b">") + 1] or content
    path = folder / "beginning"
    path.write_bytes(content)
    return path, whole


def look_at_file(look: Look, path: Path, address: str, *, whole: bool = True) -> None:
    """Look at a file on this machine.

    Args:
        look: told of it.
        path: of the file, or of its beginning.
        address: what to call it.
        whole: it is all of the file.

    Raises:
        FetchError, MappingError: it cannot be read, or not with this mapping.
    """
    found = look.found
    kind = recognise_file(path)
    source = _as_told(look, kind, path, address)
    if source is None:
        return
    found.endpoint, found.protocol, found.format = address, source.protocol, source.format
    read = FORMATS[source.format](source)
    try:
        fetch = PROTOCOLS[source.protocol](source, SourceState(), {}, True, look.client)
        page = next(iter(fetch.pages()), None)
    except MappingError:
        if source.protocol == "csv":
            found.table = _bare_table(look, source)
        raise
    records, set_aside = (page.records, page.quarantined) if page else ([], [])
    if not whole:
        size = path.stat().st_size / (1 << 20)
        look.tell("part", "good", say("looked at its first {size:.1f} MB only", size=size))
        set_aside = [row for row in set_aside if "cut off" not in row.reason]
    elif page and page.last:
        found.size = len(records) + len(set_aside)
    if source.protocol == "csv":
        found.table = preview(source, records)
        found.columns = in_words(found.table)
    for words in fetch.notes:
        look.tell("reading", "good", words)
    for words in fetch.losses if whole else []:
        look.tell("loss", "care", words)
    look_at_records(look, records, set_aside, read)


def _bare_table(look: Look, source: Source) -> list[Column]:
    """The columns of a table that cannot be read as it is, so that somebody can say what they are."""
    bare = msgspec.structs.replace(source, mapping="", mapping_text="{id: row, constants: {title: '-'}}")
    page = next(iter(PROTOCOLS["csv"](bare, SourceState(), {}, True, look.client).pages()), None)
    columns = preview(bare, page.records if page else [])
    return [msgspec.structs.replace(column, fields=[]) for column in columns]


def _as_told(look: Look, kind: Kind, path: Path, address: str) -> Source | None:
    """The source to read the file with; None where it cannot be one."""
    asked = look.source
    if asked.protocol:
        if kind.protocol in {"html", "oai", ""} or kind.protocol != asked.protocol:
            fits = say("`lampway sources add {name}` reads it", name=kind.protocol) if kind.format else kind.mend
            words = say("it is {kind}, not what {name} files are", kind=kind.words, name=asked.protocol)
            look.tell("file", "bad", words, fits, format=kind.format)
            return None
        look.tell("file", "good", say("it is {kind}", kind=kind.words), format=kind.format)
        return msgspec.structs.replace(asked, location=str(path))
    if not kind.format:
        mend = kind.mend or "CSV, XLSX, JSON, MARC and XML files are read"
        look.tell("file", "bad", say("{address} is {kind}", address=address[:300], kind=kind.words), mend)
        return None
    format_ = asked.format if asked.format in FORMATS else kind.format
    look.tell("file", "good", say("it is {kind}", kind=kind.words), format=kind.format)
    return msgspec.structs.replace(asked, location=str(path), protocol=kind.protocol, format=format_)
