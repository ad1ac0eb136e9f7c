"""What the cells of rows under one header say, field by field: where to look is worked out once for a header."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import msgspec

from harvester.formats.csv_fields import Field, Kind, field_of
from harvester.formats.csv_plan import Plan
from harvester.formats.csv_single import Column, SingleCells
from harvester.formats.text import distinct, tidy

_NOTHING = frozenset({"NULL", "N/A", "n/a", "NaN", "nan", "\\N", "#N/A"})
"""What spreadsheets and exports write into a cell without a value ..."""
_LONGEST_NOTHING = 4
"""... whose length spares long texts the look-up."""
_LISTS = ("creators", "other_titles", "languages", "subjects", "series", "path", "links")

Words = Mapping[str, Mapping[str, str]]
"""Field -> (value in the file, case folded -> value meant)."""
Parter = Callable[[str], list[str]]
"""The values in one cell."""


class _Columns(msgspec.Struct):
    """All columns of one field."""

    field: Field
    positions: tuple[int, ...]
    words: Mapping[str, str]
    parted: Parter | None

    def texts(self, rows: Sequence[Sequence[str]]) -> list[str]:
        """The texts of all its cells, each once."""
        texts = [tidy(row[position]) for row in rows for position in self.positions if row[position]]
        found = distinct([text for text in texts if text not in _NOTHING])
        return [self.words.get(text.casefold(), text) for text in found] if self.words else found

    def value(self, texts: list[str]) -> Any:
        """What texts say together."""
        if self.field.kind is None:
            return texts[0]
        if self.parted is None:
            return self.field.kind(texts)
        parts = [part for text in texts for part in self.parted(text)]
        return self.field.kind(distinct(parts) if len(texts) > 1 else parts)


class Cells:
    """Reads the cells of the record's own fields."""

    def __init__(
        self,
        plan: Plan,
        constants: Mapping[str, str],
        values: Words,
        split: Mapping[str, str],
        *,
        leaving_out: Collection[str],
        plurals: Collection[str],
    ) -> None:
        """Work out where to look.

        Args:
            plan: of the header.
            constants: field -> value where the rows say nothing.
            values: what words of the file mean.
            split: field -> marks that part several values in one cell, in place of the usual ones.
            leaving_out: fields that nobody asks for here.
            plurals: fields whose header promises several names in a cell.
        """

        def columns(field: str) -> _Columns:
            known = field_of(field, plural=field in plurals)
            marks = split.get(field, known.marks) if known.kind else ""
            positions = plan.columns.get(field, ())
            return _Columns(known, positions, values.get(field, {}), _parter(marks) if marks else None)

        self._columns = [columns(field) for field in plan.columns if field not in leaving_out]
        self._constants = [(columns(field), value) for field, value in constants.items() if field not in leaving_out]
        self._wide = [one for one in self._columns if len(one.positions) != 1]
        self._single = SingleCells(
            [
                Column(one.field.name, one.positions[0], _reader(one.field.kind, one.words, one.parted))
                for one in self._columns
                if len(one.positions) == 1
            ],
            _LISTS,
        )

    def read(self, rows: Sequence[Sequence[str]]) -> dict[str, Any]:
        """The values of one or several rows, for a record to be made of: see ``csv_steps``."""
        values = {column.field.name: column.value([value]) for column, value in self._constants}
        if len(rows) > 1:
            self._read_all(self._columns, rows, values)
            return values
        self._single.read(rows[0], values)
        if self._wide:
            self._read_all(self._wide, rows, values)
        return values

    def _read_all(self, columns: list[_Columns], rows: Sequence[Sequence[str]], values: dict[str, Any]) -> None:
        titles: list[str] = []
        for column in columns:
            texts = column.texts(rows)
            if texts:
                values[column.field.name] = column.value(texts)
            if column.field.name == "title":
                titles = texts[1:]
        if titles and len(rows) > 1:
            values["other_titles"] = distinct([*values.get("other_titles", ()), *titles])


def _reader(kind: Kind | None, words: Mapping[str, str], parted: Parter | None) -> Callable[[str], Any]:
    """What reads one cell, without what its field does not need."""

    def text_of(text: str) -> str | None:
        return None if len(text) <= _LONGEST_NOTHING and text in _NOTHING else text

    def value_of(text: str) -> Any:
        if len(text) <= _LONGEST_NOTHING and text in _NOTHING:
            return None
        if words:
            text = words.get(text.casefold(), text)
        if kind is None:
            return text
        return kind(parted(text) if parted else [text])

    return value_of if kind or words else text_of


def _parter(marks: str) -> Parter:
    """What parts a cell with several values at these marks."""
    pattern = re.compile(f"[{re.escape(marks)}]")
    first, second = marks[0], marks[-1]
    if len(marks) < 3:
        return lambda text: _parts(pattern.split(text)) if first in text or second in text else [text]
    return lambda text: _parts(pattern.split(text)) if pattern.search(text) else [text]


def _parts(texts: list[str]) -> list[str]:
    return distinct([text.strip() for text in texts])
