"""Repository of likenesses that merging did not follow: for a person to look at, and to know whom a change concerns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import Connection, delete, func, or_, select

from store import bulk
from store.bulk import chunks
from store.tables import merge_cuts


class CutRow(msgspec.Struct, frozen=True):
    """Two records, by row number, whose editions or works stayed apart, and why (see ``indexer.merging.cohesion``)."""

    record: int
    other: int
    level: str
    why: str


def replace(connection: Connection, ids: Sequence[int], rows: Iterable[CutRow]) -> None:
    """Put new cuts in the place of all that some records had."""
    for part in chunks(ids):
        connection.execute(delete(merge_cuts).where(or_(merge_cuts.c.record.in_(part), merge_cuts.c.other.in_(part))))
    add(connection, rows)


def replace_all(connection: Connection, rows: Iterable[CutRow]) -> None:
    """Put new cuts in the place of all."""
    bulk.empty(connection, merge_cuts)
    add(connection, rows)


def add(connection: Connection, rows: Iterable[CutRow]) -> None:
    """Add cuts; one of the same two records stays as it is."""
    values = [(row.record, row.other, row.level, row.why) for row in rows]
    bulk.insert(connection, merge_cuts, ("record", "other", "level", "why"), values, ignoring=True)


def partners(connection: Connection, ids: Sequence[int]) -> set[int]:
    """Records that were cut from any of some records."""
    found: set[int] = set()
    for part in chunks(ids):
        found.update(connection.scalars(select(merge_cuts.c.other).where(merge_cuts.c.record.in_(part))))
        found.update(connection.scalars(select(merge_cuts.c.record).where(merge_cuts.c.other.in_(part))))
    return found


def between(connection: Connection, ids: Sequence[int]) -> list[CutRow]:
    """Cuts that touch any of some records."""
    found: set[CutRow] = set()
    for part in chunks(ids):
        query = select(merge_cuts).where(or_(merge_cuts.c.record.in_(part), merge_cuts.c.other.in_(part)))
        found.update(CutRow(*row) for row in connection.execute(query))
    return sorted(found, key=lambda row: (row.record, row.other))


_UNDECIDED = merge_cuts.c.why != "decision"


def latest(connection: Connection, limit: int) -> list[CutRow]:
    """Some of those that nobody has decided about, those of the newest records first."""
    query = select(merge_cuts).where(_UNDECIDED).order_by(merge_cuts.c.other.desc(), merge_cuts.c.record.desc())
    return [CutRow(*row) for row in connection.execute(query.limit(limit))]


def count(connection: Connection) -> int:
    """How many there are that nobody has decided about."""
    return connection.scalar(select(func.count()).select_from(merge_cuts).where(_UNDECIDED)) or 0
