"""Reads rows of a CSV catalogue: the payload is a JSON list, the header first, then the rows of one record."""

from __future__ import annotations

import re
from typing import cast

import msgspec

from harvester.formats.base import MappingError, Reader, UnreadableError
from harvester.formats.csv_cells import Cells
from harvester.formats.csv_copies import PLACE, Copies
from harvester.formats.csv_plan import Plan, holding_fields, make_plan, record_fields
from harvester.formats.csv_types import default_type, read_type
from harvester.formats.dates import year_of
from harvester.formats.mapping import Mapping, mapping_of
from harvester.formats.statuses import StatusMap
from harvester.formats.text import distinct, fold, strip_name
from schemas.catalogue import (
    RECORD_TYPES,
    CatalogueRecord,
    Creator,
    Host,
    Link,
    RawRecord,
    RecordType,
    Source,
)
from schemas.identifiers import find_isbns, isbn13, issn, language_tag

_decode = msgspec.json.Decoder(list[list[str]]).decode
_encode = msgspec.json.Encoder().encode
_SERIES_IN_TITLE = re.compile(r"^(.+?)\s*\(([^()]+?),? #(\d[\d.\-–]*)\)$")
_PLURALS = frozenset(
    ["authors", "creators", "artists", "contributors", "auteurs", "autores", "autori", "autoren", "editors"]
) | {"all artists", "author names"}
MOST_LINKS = 100
"""Of a record: files with a row a picture have thousands; all of them stay in the raw record."""
_SPOILT = re.compile(r"\d(?:\.\d+)?[eE]\+?\d\d$")
"""An ISBN-13 that a spreadsheet took for a number: its last digits are gone."""
_DOI = re.compile(r"10\.\d{4,9}/[^\s\"<>]+")


def csv_columns(source: Source) -> Reader:
    """Format "csv"."""
    mapping = mapping_of(source)
    _check(mapping)
    statuses = StatusMap(
        mapping.statuses | mapping.values.get("status", {}),
        mapping.status_system,
        month_first=mapping.dates == "month_first",
    )
    readers: dict[bytes, _Rows] = {}
    latest = b"", _Rows.__new__(_Rows)

    def read(raw: RawRecord) -> CatalogueRecord:
        nonlocal latest
        if raw.deleted:
            return CatalogueRecord(source=raw.source, record=raw.record, datestamp=raw.datestamp, deleted=True)
        try:
            if latest[0] and raw.payload.startswith(latest[0]):  # the header of the record before
                return latest[1].read(raw, _decode(b"[" + raw.payload[len(latest[0]) :]))
            header, *rows = _decode(raw.payload)
        except (msgspec.DecodeError, ValueError) as error:
            raise UnreadableError(f"not a header with rows as JSON: {error}") from None
        key = b"[" + _encode(header) + b","
        reader = readers.get(key)
        if reader is None:
            try:
                reader = readers[key] = _Rows(header, make_plan(header, mapping), mapping, statuses)
            except MappingError as error:
                raise UnreadableError(str(error)) from None
        latest = key, reader
        return reader.read(raw, rows)

    return read


def _check(mapping: Mapping) -> None:
    if mapping.type and mapping.type not in RECORD_TYPES:
        raise MappingError(f"type: {mapping.type!r} is not one of {', '.join(RECORD_TYPES)}")
    fields = {**record_fields(), **holding_fields()}
    for key, named in (("columns", mapping.columns), ("constants", mapping.constants), ("values", mapping.values),
                       ("split", mapping.split)):  # fmt: skip
        for name in named:
            if name not in fields:
                raise MappingError(f"{key}: {name!r} is no field; there are {', '.join(fields)}")


class _Rows:
    """Reads rows under one header."""

    def __init__(self, header: list[str], plan: Plan, mapping: Mapping, statuses: StatusMap) -> None:
        self._width, self._mapping = plan.width, mapping
        values = {
            field: {value.strip().casefold(): meant for value, meant in words.items()}
            for field, words in mapping.values.items()
            if field != "status"
        }
        for field, words in (("branch", mapping.branches), ("institution", mapping.institutions)):
            values.setdefault(field, {}).update({word.strip().casefold(): meant for word, meant in words.items()})
        self._cells = Cells(plan, mapping.constants, values, mapping.split, leaving_out=PLACE)
        self._several = {
            field
            for field in ("creator", "contributor")
            if any(fold(header[position]) in _PLURALS for position in plan.columns.get(field, ()))
        }
        self._type = cast("RecordType | None", mapping.type or None) or default_type(set(plan.columns))
        self._copies = Copies(plan, mapping.constants, values, statuses)

    def read(self, raw: RawRecord, rows: list[list[str]]) -> CatalogueRecord:
        """The record that the rows describe together: for each field the first row that has it, lists joined."""
        if not rows or any(len(row) != self._width for row in rows):
            raise UnreadableError(f"a row has not the header's {self._width} cells")
        first, every = self._cells.read(rows)
        one, many = first.get, every.get
        title = one("title", "")
        subtitle = one("subtitle", "")
        uniform = one("uniform_title", "")
        series = many("series", [])
        in_title = _SERIES_IN_TITLE.match(title) if title.endswith(")") else None
        if in_title:
            title = in_title[1]
            series = series or [f"{in_title[2].strip()} ; {in_title[3]}"]
        if subtitle and not _is_in(subtitle, title):
            title = f"{title.rstrip(' :')}: {subtitle}"
        date = one("date", "")
        year = year_of(date) if date else None
        record = CatalogueRecord(
            source=raw.source,
            record=raw.record,
            datestamp=raw.datestamp,
            title=title,
            other_titles=self._other_titles(every, len(rows), title),
            uniform_title="" if uniform == title else uniform,
            creators=self._creators(every),
            publisher=one("publisher", ""),
            publication_place=one("publication_place", ""),
            year=year,
            date=str(year) if year is not None and date.endswith(".0") else date,
            edition=one("edition", ""),
            languages=distinct([tag for text in many("language", ()) if (tag := language_tag(text))]),
            subjects=many("subject", []),
            series=series,
            extent=one("extent", ""),
            description=one("description", ""),
            thumbnail=one("thumbnail", ""),
            unit_id=one("unit_id", ""),
            path=many("path", []),
            rights=one("rights", ""),
        )
        _identify(record, every)
        self._kind(record, first, every)
        record.part = _part(record, every)
        if "url" in every:
            links = [Link(url) for url in every["url"] if url.lower().startswith(("http://", "https://", "ftp://"))]
            record.links = links[:MOST_LINKS]
        if self._copies.told:
            record.holdings = self._copies.read(rows)
        elif one("note"):
            record.description = "\n".join(distinct([record.description, *every["note"]]))
        if not record.title:
            record.title = uniform or record.description.split("\n", 1)[0][:200] or record.unit_id
        if not record.title and not record.isbns and not record.issns and not record.identifiers:
            raise UnreadableError("no title, description, ISBN, ISSN or other identifier")
        return record

    def _other_titles(self, every: dict[str, list[str]], rows: int, title: str) -> list[str]:
        found = every.get("other_title", [])
        if rows > 1:
            found = distinct([*found, *every.get("title", [])[1:]])
        return [text for text in found if text != title] if found else found

    def _creators(self, every: dict[str, list[str]]) -> list[Creator]:
        found: dict[str, Creator] = {}
        for field, role in (("creator", ""), ("contributor", "ctb")):
            for text in every.get(field, ()):
                for name in _people(text) if field in self._several else (strip_name(text),):
                    if name not in found:
                        found[name] = Creator(name, role)
        return list(found.values())

    def _kind(self, record: CatalogueRecord, first: dict[str, str], every: dict[str, list[str]]) -> None:
        one = first.get
        said = every.get("type", [])
        known = cast("RecordType | None", self._mapping.type or None) or read_type(said, one("level", ""))
        if said and read_type(said, "") is None:
            # A word that we have no type for ("Fiction") says what it is about.
            record.subjects = distinct([*record.subjects, *said])
        journal = one("journal", "")
        kind = known or ("article" if journal and record.title else self._type)
        if record.unit_id and not record.isbns and not self._mapping.type and kind in {"book", "image", "other"}:
            kind = "object"  # what has a number in an inventory exists once
        record.type = kind
        if journal or (kind == "article" and (one("volume") or one("pages"))):
            record.host = Host(
                title=journal,
                volume=one("volume", ""),
                issue=one("issue", ""),
                pages=one("pages", ""),
                issn=one("host_issn") or (record.issns[0] if kind == "article" and record.issns else ""),
            )
            if kind == "article":
                record.issns = []


def _identify(record: CatalogueRecord, every: dict[str, list[str]]) -> None:
    isbns: list[str] = []
    others: list[str] = []
    for text in every.get("isbn", ()):
        if text.isdigit() and len(text) == 13 and (number := isbn13(text)):
            isbns.append(number)
            continue
        if _SPOILT.match(text):
            continue
        digits = text.replace("-", "").replace(" ", "")
        # Spreadsheets take the leading zeros of an ISBN-10 away.
        number = isbn13(digits.zfill(10) if digits[:-1].isdigit() and 7 <= len(digits) <= 9 else text)
        if number:
            isbns.append(number)
        elif found := find_isbns(text):
            isbns += found
        elif number := issn(text):
            record.issns.append(number)
        elif any(c.isdigit() for c in text):
            others.append(f"invalid-isbn:{text}")
    for text in every.get("issn", ()):
        number = issn(text)
        if number:
            record.issns.append(number)
        elif text:
            others.append(f"invalid-issn:{text}")
    others += [f"doi:{match[0].lower()}" for text in every.get("doi", ()) if (match := _DOI.search(text))]
    others += [text if re.match(r"[a-z-]+:", text) else f"local:{text}" for text in every.get("other_id", ())]
    record.isbns = distinct(isbns) if len(isbns) > 1 else isbns
    record.issns = distinct(record.issns) if len(record.issns) > 1 else record.issns
    record.identifiers = distinct(others) if len(others) > 1 else others


def _part(record: CatalogueRecord, every: dict[str, list[str]]) -> str:
    parts = every.get("part", [])
    if not parts and record.host is None and "volume" in every:
        parts = [text for text in every["volume"] if text not in {"0", "-"}]
        if record.type == "serial":
            return ""
    return parts[0] if len(parts) == 1 else ""  # rows of several volumes describe the set


def _is_in(subtitle: str, title: str) -> bool:
    """Whether the title has the subtitle already, whatever the punctuation."""
    word = subtitle.partition(" ")[0]
    if word.isalnum() and word.isascii() and title.isascii() and word.lower() not in title.lower():
        return False  # spares most titles the folding
    return fold(subtitle) in fold(title)


def _people(text: str) -> list[str]:
    """Names of one cell under a header in the plural.

    A comma parts names only where each part is a whole name: "J.K. Rowling, Mary GrandPré", but not "Tyler, Anne".
    """
    pieces = re.split(r"\s+&\s+|\s+and\s+", text)
    if "," in text:
        pieces = [piece.strip() for piece in text.split(",")]
        pieces = pieces if all(" " in piece or "." in piece for piece in pieces) else [text]
    return distinct([strip_name(piece) for piece in pieces])
