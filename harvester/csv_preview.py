"""What a CSV source's columns are taken for, with a value of each: the preview of a mapping."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from harvester.formats.csv_plan import make_plan
from harvester.formats.mapping import mapping_of
from schemas.catalogue import RawRecord, Source

_LONGEST = 40
_decode = msgspec.json.Decoder(list[list[str]]).decode


def preview(source: Source, raws: Sequence[RawRecord]) -> list[str]:
    """A line a column: its header, the field it is read as, and the first value that it has.

    Args:
        source: with its mapping.
        raws: some of its records.

    Raises:
        MappingError: the mapping does not fit the columns.
    """
    if not raws:
        return []
    header = _decode(raws[0].payload)[0]
    rows = [row for raw in raws for row in _decode(raw.payload)[1:]]
    plan = make_plan(header, mapping_of(source))
    lines = []
    for place, name in enumerate(header):
        fields = [field for field, places in plan.columns.items() if place in places]
        if place in plan.id and "id" not in fields:
            fields.insert(0, "id")
        sample = next((row[place].strip() for row in rows if place < len(row) and row[place].strip()), "")
        shown = sample if len(sample) <= _LONGEST else sample[: _LONGEST - 3] + "..."
        lines.append(
            f"column {place + 1} {name!r} -> {', '.join(fields) or 'not read'}{f', e.g. {shown!r}' if shown else ''}"
        )
    return lines
