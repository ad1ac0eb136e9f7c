"""Rows with too few cells: some programs leave out empty cells at a row's end, and some rows are damaged.

The first are completed, the second set aside. What tells them apart: a row that only lacks its end has an identifier
and a title, and its cells are of the kind that their columns have elsewhere (a year stands where years stand).
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from itertools import islice

from harvester.formats.csv_plan import Plan
from harvester.protocols.csv_dialect import Dialect
from harvester.protocols.csv_rows import MayPad

_SAMPLE_ROWS = 500
_ENOUGH = 3
"""So many numbers, and nothing else, make a column one of numbers."""
_TITLES = ("title", "uniform_title", "isbn", "issn", "doi", "description", "unit_id")


def judge_of(lines: Iterable[str], dialect: Dialect, plan: Plan) -> MayPad:
    """What decides whether a short row may be completed.

    Args:
        lines: the first ones of the file, the header with them.
        dialect: how cells are parted.
        plan: which column is what.
    """
    title = next((plan.columns[field] for field in _TITLES if field in plan.columns), ())
    needed = [*plan.id, *plan.group, *title[:1]]
    numeric = _columns_of_numbers(lines, dialect, plan.width)

    def may_pad(cells: list[str]) -> bool:
        if not title or any(place >= len(cells) or not cells[place].strip() for place in needed):
            return False
        return all(_is_number(cells[place]) for place in numeric if place < len(cells) and cells[place].strip())

    return may_pad


def _columns_of_numbers(lines: Iterable[str], dialect: Dialect, width: int) -> list[int]:
    numbers, others = [0] * width, [0] * width
    reader = csv.reader(iter(lines), **dialect.options())
    next(reader, None)
    try:
        for row in islice(reader, _SAMPLE_ROWS):
            if len(row) != width:
                continue
            for place, cell in enumerate(row):
                if cell.strip():
                    (numbers if _is_number(cell) else others)[place] += 1
    except csv.Error:
        pass  # a broken row: what stands before it is sample enough
    return [place for place in range(width) if numbers[place] >= _ENOUGH and not others[place]]


def _is_number(cell: str) -> bool:
    return cell.strip().replace(".", "", 1).replace("-", "").isdigit()
