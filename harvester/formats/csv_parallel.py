"""Cells that some systems write in a way of their own: Omeka's "^^" between values, AtoM's events in parallel lists."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from harvester.formats.csv_plan import Plan
from harvester.formats.csv_words import key
from harvester.formats.text import distinct, fold

Prepare = Callable[[list[str]], list[str]]
"""A row as it is -> the row as the columns are read."""

_LISTS = frozenset({"creator", "contributor", "subject", "isbn", "issn", "other_title", "language", "url", "type"})
_MADE = frozenset(
    ["creation", "accumulation", "contribution", "collection", "manufacturing", "bestandsbildung", "entstehung",
     "production", "creacion", "criacao", "producao", "creazione"]
)  # fmt: skip
"""Kinds of events whose actors created a unit; of others (custody, receipt) they only had it."""


def preparation(header: Sequence[str], plan: Plan) -> Prepare | None:
    """What a table's rows need before they are read; None = nothing, which is so of most."""
    names = [key(name) for name in header]
    if any(name.startswith("Dublin Core:") for name in header):
        firsts = [at for field, found in plan.columns.items() if field not in _LISTS for at in found]
        return lambda row: _first_of_carets(row, firsts)
    if "eventtypes" in names:
        types = names.index("eventtypes")
        events = [at for at, name in enumerate(names) if name in {"eventactors", "eventdates"}]
        return lambda row: _creating(row, types, events)
    return None


def _first_of_carets(row: list[str], firsts: list[int]) -> list[str]:
    """The first value of the fields that have one only; those of lists are parted by "^^" as by other marks."""
    prepared = row.copy()
    for at in firsts:
        if "^^" in row[at]:
            prepared[at] = next((part for part in row[at].split("^^") if part.strip()), "")
    return prepared


def _creating(row: list[str], types: int, events: list[int]) -> list[str]:
    kinds = row[types].split("|")
    made = [fold(kind) in _MADE for kind in kinds]
    prepared = row.copy()
    for at in events:
        parts = row[at].split("|")
        if len(parts) == len(kinds) and any(made):
            kept = [part for part, wanted in zip(parts, made, strict=True) if wanted and part not in {"", "NULL"}]
            prepared[at] = "|".join(kept)
    return prepared


def further_titles(rows: Sequence[Sequence[str]], titles: Sequence[int]) -> list[str]:
    """What stands after the first title in Omeka's cells."""
    parts = (part.strip() for row in rows for at in titles for part in row[at].split("^^")[1:])
    return distinct(list(filter(None, parts)))
