"""Finds the header of a sheet: below a title and the date of the list, and over two rows where cells are merged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice

from harvester.formats.csv_words import key, recognised

MOST_ABOVE = 12
"""Rows that may stand above a header."""
_TOTALS = """total, totals, grand total, sum, Summe, gesamt, insgesamt, totale, totaal, suma, razem, celkem
toplam, итого, всего, 合计, 合計, 总计, 總計, 共计, 总数, 합계, المجموع, סהכ"""
_TOTAL = frozenset(map(key, _TOTALS.split(",")))
_FEWEST = 4
"""Cells that a record in a wider table has."""
_ENOUGH = 2
"""Headers that we know, by which a row is one."""


def from_header(rows: Iterable[list[str]], notes: list[str]) -> Iterator[list[str]]:
    """The rows of a sheet, its header first, in one row and without blank cells that were merged with others.

    Args:
        rows: without empty ones before the first.
        notes: told of what was left out or joined.
    """
    rest = iter(rows)
    first = list(islice(rest, MOST_ABOVE + 2))
    if not first:
        return
    place = 0
    if recognised(first[0]) < _ENOUGH:
        place = next((i for i, row in enumerate(first[: MOST_ABOVE + 1]) if recognised(row) >= _ENOUGH), 0)
    if place:
        notes.append(f"{place} rows above the header were left out, e.g. {' '.join(first[0]).strip()[:60]!r}")
    header, below = first[place], first[place + 1 :]
    if below and _goes_on(header, below[0]):
        header = _joined(header, below.pop(0))
        notes.append("the header stands in two rows, which were joined")
    last: list[str] | None = None
    for row in chain([header], below, rest):
        if last is not None:
            yield last
            last = None
        padded = row + [""] * (len(header) - len(row))
        if _sums_up(padded):
            last = padded
        else:
            yield padded
    if last is not None:
        notes.append(f"the last row was left out, which sums up: {' '.join(filter(None, last))[:60]!r}")


def _sums_up(row: list[str]) -> bool:
    """Whether a row, if it is the last, tells how much the others are together."""
    filled = [cell for cell in row if cell.strip()]
    return 0 < len(filled) < _FEWEST < len(row) and key(filled[0]) in _TOTAL


def _goes_on(header: list[str], second: list[str]) -> bool:
    """Whether a row names the columns of merged cells above it, and is not the first row of data."""
    width = max(len(header), len(second))
    blank = [not _cell(header, i) for i in range(width)] + [False]
    if not any(blank) or any(c.isdigit() for text in second for c in text) or not recognised(second):
        return False
    # Under a cell merged with those to its right stands the first of their names; one merged downwards has none below.
    return all(bool(_cell(second, i)) == (blank[i] or blank[i + 1]) for i in range(width))


def _joined(header: list[str], second: list[str]) -> list[str]:
    found: list[str] = []
    above = ""
    for i in range(max(len(header), len(second))):
        above, own = _cell(header, i) or above, _cell(second, i)
        if not own or (not recognised([own]) and recognised([above]) and above not in found):
            found.append(above if own or _cell(header, i) else "")
        else:
            found.append(own if recognised([own]) and own not in found else f"{above} {own}".strip())
    return found


def _cell(row: list[str], place: int) -> str:
    return row[place].strip() if place < len(row) else ""
