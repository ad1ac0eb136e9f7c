"""Reads rows of a CSV catalogue: the payload is a JSON list, the header first, then the rows of one record."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import cast

import msgspec

from harvester.formats.base import MappingError, Reader, UnreadableError
from harvester.formats.csv_copies import Copies
from harvester.formats.csv_plan import Plan, holding_fields, make_plan, record_fields
from harvester.formats.csv_types import default_type, read_type
from harvester.formats.dates import year_of
from harvester.formats.mapping import Mapping, mapping_of
from harvester.formats.statuses import StatusMap
from harvester.formats.text import distinct, fold, strip_name, tidy
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
_SPLIT = {"creator": ";|", "contributor": ";|", "subject": ";|", "language": ";,/|", "isbn": ";,|/", "issn": ";,|/",
          "other_title": "|", "url": "|", "path": ">", "series": "|", "doi": "|;", "other_id": "|;"}  # fmt: skip
_SERIES_IN_TITLE = re.compile(r"^(.+?)\s*\(([^()]+?),? #(\d[\d.\-–]*)\)$")
_PLURALS = frozenset(
    ["authors", "creators", "artists", "contributors", "auteurs", "autores", "autori", "autoren", "editors"]
) | {"all artists", "author names"}
_NOTHING = frozenset({"NULL", "N/A", "n/a", "NaN", "nan", "\\N", "#N/A"})
"""What spreadsheets and exports write into a cell without a value."""
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
    readers: dict[tuple[str, ...], _Rows] = {}

    def read(raw: RawRecord) -> CatalogueRecord:
        if raw.deleted:
            return CatalogueRecord(source=raw.source, record=raw.record, datestamp=raw.datestamp, deleted=True)
        try:
            header, *rows = _decode(raw.payload)
        except (msgspec.DecodeError, ValueError) as error:
            raise UnreadableError(f"not a header with rows as JSON: {error}") from None
        key = tuple(header)
        reader = readers.get(key)
        if reader is None:
            try:
                reader = readers[key] = _Rows(header, make_plan(header, mapping), mapping, statuses)
            except MappingError as error:
                raise UnreadableError(str(error)) from None
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
        self._plan, self._mapping = plan, mapping
        self._columns = plan.columns
        self._constants = mapping.constants
        self._values = {
            field: {value.strip().casefold(): meant for value, meant in words.items()}
            for field, words in mapping.values.items()
            if field != "status"
        }
        for field, words in (("branch", mapping.branches), ("institution", mapping.institutions)):
            self._values.setdefault(field, {}).update({word.strip().casefold(): meant for word, meant in words.items()})
        self._splitters = {
            field: re.compile(f"[{re.escape(marks)}]") for field, marks in {**_SPLIT, **mapping.split}.items() if marks
        }
        self._several = {
            field
            for field in ("creator", "contributor")
            if any(fold(header[position]) in _PLURALS for position in plan.columns.get(field, ()))
        }
        self._type = cast("RecordType | None", mapping.type or None) or default_type(set(plan.columns))
        self._known = plan.columns.keys() | mapping.constants.keys()
        self._copies = Copies(plan, mapping.constants, self._values, statuses)

    def read(self, raw: RawRecord, rows: list[list[str]]) -> CatalogueRecord:
        """The record that the rows describe together: for each field the first row that has it, lists joined."""
        if any(len(row) != self._plan.width for row in rows) or not rows:
            raise UnreadableError(f"a row has not the header's {self._plan.width} cells")
        one, many = self._getters(rows)
        title = one("title")
        subtitle = one("subtitle")
        uniform = one("uniform_title")
        series = many("series")
        in_title = _SERIES_IN_TITLE.match(title) if title.endswith(")") else None
        if in_title:
            title = in_title[1]
            series = series or [f"{in_title[2].strip()} ; {in_title[3]}"]
        if subtitle and fold(subtitle) not in fold(title):
            title = f"{title.rstrip(' :')}: {subtitle}"
        date = one("date")
        year = year_of(date) if date else None
        record = CatalogueRecord(
            source=raw.source,
            record=raw.record,
            datestamp=raw.datestamp,
            title=title,
            other_titles=self._other_titles(many, rows, title),
            uniform_title="" if uniform == title else uniform,
            creators=self._creators(many("creator"), many("contributor")),
            publisher=one("publisher"),
            publication_place=one("publication_place"),
            year=year,
            date=str(year) if year is not None and date.endswith(".0") else date,
            edition=one("edition"),
            languages=distinct([tag for text in many("language") if (tag := language_tag(text))]),
            subjects=many("subject"),
            series=series,
            extent=one("extent"),
            description=one("description"),
            thumbnail=one("thumbnail"),
            unit_id=one("unit_id"),
            path=many("path"),
            rights=one("rights"),
        )
        self._identifiers(record, many)
        self._kind(record, many, one)
        record.part = self._part(record, many)
        links = [Link(url) for url in many("url") if url.lower().startswith(("http://", "https://", "ftp://"))]
        record.links = links[:MOST_LINKS]
        record.holdings = self._copies.read(rows)
        if not self._copies.told and one("note"):
            record.description = "\n".join(distinct([record.description, *many("note")]))
        if not record.title:
            record.title = uniform or record.description.split("\n", 1)[0][:200] or record.unit_id
        if not record.title and not record.isbns and not record.issns and not record.identifiers:
            raise UnreadableError("no title, description, ISBN, ISSN or other identifier")
        return record

    def _other_titles(self, many: Callable[[str], list[str]], rows: list[list[str]], title: str) -> list[str]:
        found = many("other_title")
        if len(rows) > 1:
            found = distinct([*found, *many("title")[1:]])
        return [text for text in found if text != title]

    def _getters(self, rows: list[list[str]]) -> tuple[Callable[[str], str], Callable[[str], list[str]]]:
        columns, constants = self._columns, self._constants
        single = rows[0] if len(rows) == 1 else None

        def cells(field: str) -> list[str]:
            positions = columns.get(field)
            if positions is None:
                return [constants[field]] if field in constants else []
            if single is not None and len(positions) == 1:
                text = single[positions[0]]
                found = [text] if text and (text := tidy(text)) and text not in _NOTHING else []
            else:
                texts = (tidy(row[position]) for row in rows for position in positions if row[position])
                found = distinct([text for text in texts if text not in _NOTHING])
            if field in self._values:
                words = self._values[field]
                found = [words.get(text.casefold(), text) for text in found]
            if not found and field in constants:
                return [constants[field]]
            return found

        def one(field: str) -> str:
            if field not in self._known:
                return ""
            found = cells(field)
            return found[0] if found else ""

        def many(field: str) -> list[str]:
            if field not in self._known:
                return []
            found = cells(field)
            splitter = self._splitters.get(field)
            if splitter is None or not found or (len(found) == 1 and splitter.search(found[0]) is None):
                return found
            return distinct([part.strip() for text in found for part in splitter.split(text)])

        return one, many

    def _creators(self, creators: list[str], contributors: list[str]) -> list[Creator]:
        found: dict[str, Creator] = {}
        for names, role, field in ((creators, "", "creator"), (contributors, "ctb", "contributor")):
            for text in names:
                for name in _people(text) if field in self._several else (strip_name(text),):
                    found.setdefault(name, Creator(name, role))
        return list(found.values())

    def _identifiers(self, record: CatalogueRecord, many: Callable[[str], list[str]]) -> None:
        isbns: list[str] = []
        others: list[str] = []
        for text in many("isbn"):
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
        for text in many("issn"):
            number = issn(text)
            if number:
                record.issns.append(number)
            elif text:
                others.append(f"invalid-issn:{text}")
        others += [f"doi:{match[0].lower()}" for text in many("doi") if (match := _DOI.search(text))]
        others += [text if re.match(r"[a-z-]+:", text) else f"local:{text}" for text in many("other_id")]
        record.isbns = distinct(isbns)
        record.issns = distinct(record.issns)
        record.identifiers = distinct(others)

    def _kind(self, record: CatalogueRecord, many: Callable[[str], list[str]], one: Callable[[str], str]) -> None:
        said = many("type")
        known = cast("RecordType | None", self._mapping.type or None) or read_type(said, one("level"))
        if said and read_type(said, "") is None:
            # A word that we have no type for ("Fiction") says what it is about.
            record.subjects = distinct([*record.subjects, *said])
        journal = one("journal")
        kind = known or ("article" if journal and record.title else self._type)
        if record.unit_id and not record.isbns and not self._mapping.type and kind in {"book", "image", "other"}:
            kind = "object"  # what has a number in an inventory exists once
        record.type = kind
        if journal or (kind == "article" and (one("volume") or one("pages"))):
            record.host = Host(
                title=journal,
                volume=one("volume"),
                issue=one("issue"),
                pages=one("pages"),
                issn=one("host_issn") or (record.issns[0] if kind == "article" and record.issns else ""),
            )
            if kind == "article":
                record.issns = []

    def _part(self, record: CatalogueRecord, many: Callable[[str], list[str]]) -> str:
        parts = many("part")
        if not parts and record.host is None:
            parts = [text for text in many("volume") if text not in {"0", "-"}]
            if record.type == "serial":
                return ""
        return parts[0] if len(parts) == 1 else ""  # rows of several volumes describe the set


def _people(text: str) -> list[str]:
    """Names of one cell under a header in the plural.

    A comma parts names only where each part is a whole name: "J.K. Rowling, Mary GrandPré", but not "Tyler, Anne".
    """
    pieces = re.split(r"\s+&\s+|\s+and\s+", text)
    if "," in text:
        pieces = [piece.strip() for piece in text.split(",")]
        pieces = pieces if all(" " in piece or "." in piece for piece in pieces) else [text]
    return distinct([strip_name(piece) for piece in pieces])
