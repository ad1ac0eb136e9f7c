"""What a CSV source's columns are taken for, with values of each: the preview of a mapping."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from harvester.formats.base import MappingError
from harvester.formats.csv_plan import Plan, make_plan
from harvester.formats.mapping import mapping_of
from schemas.catalogue import RawRecord, Source
from schemas.probe import Column

_LONGEST = 40
_SAMPLES = 3
_decode = msgspec.json.Decoder(list[list[str]]).decode


def preview(source: Source, raws: Sequence[RawRecord]) -> list[Column]:
    """The columns of a table with the fields they are read as; none of these where the columns do not suffice.

    Args:
        source: with its mapping.
        raws: some of its records.
    """
    if not raws:
        return []
    header = _decode(raws[0].payload)[0]
    rows = [row for raw in raws for row in _decode(raw.payload)[1:]]
    try:
        plan: Plan | None = make_plan(header, mapping_of(source))
    except MappingError:
        plan = None
    return [
        Column(name=name, fields=_fields(plan, place) if plan else [], samples=_values(rows, place))
        for place, name in enumerate(header)
    ]


def in_words(columns: Sequence[Column]) -> list[str]:
    """A line a column: its header, the field it is read as, and a value that it has."""
    lines = []
    for number, column in enumerate(columns, 1):
        sample = f", e.g. {column.samples[0]!r}" if column.samples else ""
        lines.append(f"column {number} {column.name!r} -> {', '.join(column.fields) or 'not read'}{sample}")
    return lines


def _fields(plan: Plan, place: int) -> list[str]:
    fields = [field for field, places in plan.columns.items() if place in places]
    return ["id", *fields] if place in plan.id and "id" not in fields else fields


def _values(rows: Sequence[Sequence[str]], place: int) -> list[str]:
    values = (row[place].strip() for row in rows if place < len(row))
    found = list(dict.fromkeys(value for value in values if value))[:_SAMPLES]
    return [value if len(value) <= _LONGEST else value[: _LONGEST - 3] + "..." for value in found]
