"""CSV and TSV catalogues: a path or an address, in any usual encoding and dialect, packed or not. XLSX and JSON too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any

import msgspec

from harvester.fetching import Client, FetchError
from harvester.formats.csv_plan import Plan, make_plan
from harvester.formats.csv_words import key, personal
from harvester.formats.mapping import Mapping, mapping_of
from harvester.protocols import json_table
from harvester.protocols.base import Fetch
from harvester.protocols.csv_ancestors import COLUMN, Ancestors
from harvester.protocols.csv_dialect import Dialect, find_dialect
from harvester.protocols.csv_encoding import Encoding, find_encoding
from harvester.protocols.csv_groups import Waiting, fingerprint, scattered
from harvester.protocols.csv_row_meaning import Deletions, Titles
from harvester.protocols.csv_rows import BadRow, NotSoundError, Row, Rows, column
from harvester.protocols.csv_short_rows import judge_of
from harvester.protocols.csv_workbook import as_csv, is_workbook
from harvester.protocols.file_pages import Event, FileFetch
from harvester.protocols.local_file import open_unpacked
from schemas.catalogue import Quarantined, RawRecord, Source
from schemas.said import say
from store.sources import SourceState

_SAMPLE_LINES = 2000
_SEPARATOR = re.compile(r"\ufeff?\"?sep=[^\r\n]\"?[\r\n]*", re.IGNORECASE)
"""A first line that tells Excel, and nobody else, how the cells are parted."""
_encode = msgspec.json.Encoder().encode


def open_csv(source: Source, state: SourceState, checkpoint: dict[str, Any], full: bool, client: Client) -> Fetch:
    """Begin a run over a CSV file. Raises MappingError when the source's mapping cannot be used."""
    mapping = mapping_of(source)

    def read(path: Path, notes: list[str], folder: Path) -> Iterator[Event]:
        bad: list[json_table.BadLine] = []
        if is_workbook(path):
            written = as_csv(path, folder, mapping, notes)
        elif _is_json(path, mapping.member):
            written = json_table.as_csv(path, mapping, folder, bad, notes)
        else:
            return _Table(source, mapping, path, notes, ours=False).events(folder)
        sheet = msgspec.structs.replace(mapping, encoding="utf-8", delimiter="comma", quote='"', member="")
        own = msgspec.structs.replace(source, encoding="")
        return chain(_set_aside(source, bad), _Table(own, sheet, written, notes, ours=True).events(folder))

    return FileFetch(source, state, checkpoint, client, read)


def _is_json(path: Path, member: str) -> bool:
    with open_unpacked(path, member) as content:
        return json_table.is_json(content.read(4096))


def _set_aside(source: Source, bad: list[json_table.BadLine]) -> Iterator[Quarantined]:
    for line in bad:
        name = f"row:{line.number}"
        yield Quarantined(source=source.id, record=name, reason=line.reason, position=name, payload=line.text)


class _Table:
    """One CSV file: how it is written, and what its columns are. How a file of ``ours`` is written interests nobody."""

    def __init__(self, source: Source, mapping: Mapping, path: Path, notes: list[str], *, ours: bool) -> None:
        self._source, self._mapping, self._path, self._notes = source, mapping, path, notes
        opened = partial(open_unpacked, path, mapping.member)
        self._encoding: Encoding = find_encoding(opened, source.encoding or mapping.encoding)
        with self._lines() as lines:
            sample = list(islice(lines, _SAMPLE_LINES))
        self._dialect: Dialect = find_dialect(sample, mapping)
        with self._lines() as lines:
            first = Rows(lines, self._dialect).first()
        if not first:
            raise FetchError("the file is empty")
        self._header, self._has_header = _header(first, mapping)
        self._plan: Plan = make_plan(self._header, mapping)
        self._ancestors = Ancestors(self._header, self._plan)
        added = [COLUMN] if self._ancestors.known else []
        self._opening = b"[" + _encode([*self._header, *added]) + b","
        """Of every record's payload."""
        self._may_pad = judge_of(sample, self._dialect, self._plan)
        self._titles = Titles(self._plan, mapping)
        self._deletions = Deletions(self._header, mapping)
        if not ours:
            self._tell_how()
        self._hidden = frozenset(
            place for place, name in enumerate(self._header) if name in self._plan.unused and key(name) in personal()
        )
        self._tell_of_columns()

    def events(self, folder: Path) -> Iterator[Event]:
        """The file's records, each with its rows, and what is no row."""
        late = self._scattered() if self._plan.group else frozenset[int]()
        waiting = Waiting(folder)
        try:
            with self._lines() as lines:
                rows = self._rows(lines)
                yield from self._grouped(rows, late, waiting)
            for _, group in waiting.groups():
                yield from self._records(group)
        finally:
            waiting.close()
        self._tell()

    def _scattered(self) -> frozenset[int]:
        if len(self._plan.group) == 1:
            try:
                with self._lines() as lines:
                    cells = column(lines, self._dialect, self._plan.group[0], self._plan.width)
                    return scattered(map(str.strip, cells))
            except NotSoundError:
                pass  # row by row, then
        with self._lines() as lines:
            return scattered(self._key(row) for row in self._rows(lines) if isinstance(row, Row))

    def _grouped(self, rows: Iterator[Row | BadRow], late: frozenset[int], waiting: Waiting) -> Iterator[Event]:
        group: list[Row] = []
        current: str | None = None
        for row in rows:
            if isinstance(row, BadRow):
                yield self._quarantined(row)
                continue
            key = self._key(row)
            if key != current or not self._plan.group:
                if group:
                    yield from self._records(group)
                group, current = [], key
            if late and fingerprint(key) in late:
                waiting.add(key, row)
            else:
                group.append(row)
        if group:
            yield from self._records(group)

    def _rows(self, lines: Iterator[str]) -> Iterator[Row | BadRow]:
        self._reader = Rows(lines, self._dialect, self._may_pad)
        first = self._reader.first() if self._has_header or self._mapping.header is False else []
        before = [first] if first and not self._has_header else None
        return self._reader.data(self._plan.width, before)

    def _key(self, row: Row) -> str:
        """What makes rows one record. A row without an identifier stands alone."""
        if len(self._plan.group) == 1:
            return row.cells[self._plan.group[0]].strip() or f"\x1e{row.number}"
        parts = [row.cells[position].strip() for position in self._plan.group]
        return "\x1f".join(parts) if any(parts) else f"\x1e{row.number}"

    def _records(self, group: list[Row]) -> Iterator[Event]:
        """The record of rows with one identifier; rows of quite another thing under it are set aside."""
        first = group[0]
        name = self._name(first)
        if len(group) > 1:
            for row in self._titles.strangers(group):
                yield Quarantined(
                    source=self._source.id,
                    record=f"{name} (row {row.number})",
                    reason=f"the identifier is that of row {first.number}, which has quite another title",
                    position=f"row {row.number}, line {row.line}",
                    payload=_encode([self._header, row.cells]),
                )
        deleted = self._deletions.all_of(group)
        cells = [row.cells for row in group]
        if self._hidden:
            cells = [["" if place in self._hidden else text for place, text in enumerate(row)] for row in cells]
        if self._ancestors.known:
            path = self._ancestors.above(first)
            cells = [[*row, path] for row in cells]
        payload = self._opening + _encode(cells)[1:]
        yield RawRecord(source=self._source.id, record=name, payload=payload, deleted=deleted)

    def _name(self, row: Row) -> str:
        parts = [row.cells[position].strip() for position in self._plan.id]
        if any(parts):
            return parts[0] if len(parts) == 1 else "/".join(part.replace("/", "%2F") for part in parts)
        # Where other rows have identifiers, a bare number could be one of them.
        return f"row:{row.number}" if self._plan.id else str(row.number)

    def _quarantined(self, row: BadRow) -> Quarantined:
        return Quarantined(
            source=self._source.id,
            record=f"row:{row.number}",
            reason=row.reason,
            position=f"row {row.number}, line {row.line}",
            payload=row.text.encode("utf-8", "surrogatepass"),
        )

    @contextmanager
    def _lines(self) -> Iterator[Iterator[str]]:
        with open_unpacked(self._path, self._mapping.member) as content, closing(self._encoding.text(content)) as lines:
            first = next(lines, "")
            yield chain(["\n" if _SEPARATOR.fullmatch(first) else first], lines)

    def _tell_of_columns(self) -> None:
        hidden = [self._header[place] for place in sorted(self._hidden)]
        unused = [name for name in self._plan.unused if name not in hidden]
        if unused:
            names = ", ".join(unused[:40])
            self._notes.append(say("columns of which nothing is read: {names}", names=names))
        if hidden:
            names = ", ".join(hidden[:40])
            self._notes.append(say("columns about people, which are not kept: {names}", names=names))

    def _tell_how(self) -> None:
        mark = {"\t": "tab"}.get(self._dialect.delimiter, self._dialect.delimiter)
        self._notes.append(say("read as {encoding}, parted by {mark!r}", encoding=self._encoding.name, mark=mark))

    def _tell(self) -> None:
        for count, what in (
            (self._encoding.misfits, "{n:,} bytes were no UTF-8 and were read as cp1252"),
            (self._reader.zeros, "{n:,} NUL characters were left out"),
            (self._reader.headers, "{n:,} rows repeat the header and were left out"),
            (self._reader.padded, "{n:,} rows had fewer cells than the header; the last ones were taken as empty"),
        ):
            if count:
                self._notes.append(say(what, n=count))
        self._notes += self._titles.notes()


def _header(first: list[str], mapping: Mapping) -> tuple[list[str], bool]:
    if isinstance(mapping.header, list):
        return [str(name) for name in mapping.header], False
    if mapping.header is False:
        return [str(number) for number in range(1, len(first) + 1)], False
    return [cell.strip().lstrip("\ufeff") for cell in first], True
