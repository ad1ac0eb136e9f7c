"""Reads rows of a CSV catalogue: the payload is a JSON list, the header first, then the rows of one record."""

from __future__ import annotations

from typing import cast

import msgspec

from harvester.formats.base import MappingError, Reader, UnreadableError, tombstone
from harvester.formats.csv_cells import Cells
from harvester.formats.csv_copies import PLACE, Copies
from harvester.formats.csv_parallel import further_titles, preparation
from harvester.formats.csv_plan import Plan, make_plan
from harvester.formats.csv_steps import steps_for
from harvester.formats.csv_types import default_type
from harvester.formats.csv_words import holding_fields, record_fields
from harvester.formats.csv_words import key as column_key
from harvester.formats.mapping import Mapping, mapping_of
from harvester.formats.statuses import StatusMap
from harvester.formats.text import fold
from schemas.catalogue import RECORD_TYPES, CatalogueRecord, RawRecord, RecordType, Source

_decode = msgspec.json.Decoder(list[list[str]]).decode
_encode = msgspec.json.Encoder().encode
_ON_VIEW = frozenset(
    {"onview", "ondisplay", "isonview", "currentlyonview", "enexposicion", "esposto", "ausgestellt", "expose"}
)
"""Headers that ask whether a thing can be seen: "yes" lends nothing."""
_PLURALS = frozenset(
    ["authors", "creators", "artists", "contributors", "auteurs", "autores", "autori", "autoren", "editors"]
) | {"all artists", "author names"}


def csv_columns(source: Source) -> Reader:
    """Format "csv"."""
    mapping = mapping_of(source)
    _check(mapping)

    def status_map(system: str) -> StatusMap:
        own = mapping.statuses | mapping.values.get("status", {})
        return StatusMap(own, system, month_first=mapping.dates == "month_first")

    statuses, on_view = status_map(mapping.status_system), status_map(mapping.status_system or "on_view")
    readers: dict[bytes, _Rows] = {}
    latest = b"", _Rows.__new__(_Rows)

    def read(raw: RawRecord) -> CatalogueRecord:
        nonlocal latest
        if raw.deleted:
            return tombstone(raw.source, raw.record, raw.datestamp)
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
                plan = make_plan(header, mapping)
                asked = {column_key(header[position]) for position in plan.columns.get("status", ())}
                shown = not asked.isdisjoint(_ON_VIEW)
                reader = readers[key] = _Rows(header, plan, mapping, on_view if shown else statuses)
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
        self._width = plan.width
        self._prepare = preparation(header, plan)
        self._titles = plan.columns.get("title", ())
        values = {
            field: {value.strip().casefold(): meant for value, meant in words.items()}
            for field, words in mapping.values.items()
            if field != "status"
        }
        for field, words in (("branch", mapping.branches), ("institution", mapping.institutions)):
            values.setdefault(field, {}).update({word.strip().casefold(): meant for word, meant in words.items()})
        self._copies = Copies(plan, mapping.constants, values, statuses)
        self._cells = Cells(
            plan,
            mapping.constants,
            values,
            mapping.split,
            leaving_out={"id", *PLACE, *(["note"] if self._copies.told else [])},
            plurals={
                field
                for field in ("creator", "contributor")
                if any(fold(header[position]) in _PLURALS for position in plan.columns.get(field, ()))
            },
        )
        given = cast("RecordType | None", mapping.type or None)
        self._type = given or default_type(plan.columns.keys(), header)
        self._steps = steps_for({*plan.columns, *mapping.constants}, given, self._type)

    def read(self, raw: RawRecord, rows: list[list[str]]) -> CatalogueRecord:
        """The record that the rows describe together: for each field the first row that has it, lists joined."""
        if not rows or {*map(len, rows)} != {self._width}:
            raise UnreadableError(f"a row has not the header's {self._width} cells")
        further: list[str] = []
        if self._prepare:
            further = further_titles(rows, self._titles)
            rows = [self._prepare(row) for row in rows]
        values = self._cells.read(rows)
        if further:
            values["other_titles"] = [*values.get("other_titles", ()), *further]
        values["type"] = self._type
        for step in self._steps:
            step(values)
        record = CatalogueRecord(source=raw.source, record=raw.record, datestamp=raw.datestamp, **values)
        if self._copies.told:
            record.holdings = self._copies.read(rows)
        if not record.title:
            record.title = record.uniform_title or record.description.split("\n", 1)[0][:200] or record.unit_id
            if not record.title and not record.isbns and not record.issns and not record.identifiers:
                raise UnreadableError("no title, description, ISBN, ISSN or other identifier")
        return record
