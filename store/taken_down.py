"""Repository of the records that are taken down: whatever their source sends of them is not kept."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, bindparam, delete, insert, select

from store import bulk, codec, prepared
from store.database import now_text
from store.tables import taken_down

# Made once, for every page of a harvest asks it.
_ANY = select(taken_down.c.source).where(taken_down.c.source == bindparam("number")).limit(1)


class TakenDown(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the list."""

    record: str
    at: str


def put(connection: Connection, source: int, record: str) -> None:
    """Put a record on the list of a source."""
    allow(connection, source, record)
    key = codec.key_of(record)
    connection.execute(insert(taken_down).values(source=source, key=key, record=record, at=now_text()))


def allow(connection: Connection, source: int, record: str) -> bool:
    """Take a record off the list: the next whole harvest keeps it again. True if it was on it."""
    own = (taken_down.c.source == source, taken_down.c.key == codec.key_of(record))
    return connection.execute(delete(taken_down).where(*own)).rowcount > 0


def all_of(connection: Connection, source: int) -> list[TakenDown]:
    """The list of a source, the latest first."""
    query = select(taken_down.c.record, taken_down.c.at).where(taken_down.c.source == source)
    rows = connection.execute(query.order_by(taken_down.c.at.desc(), taken_down.c.record))
    return [TakenDown(record=row.record, at=row.at) for row in rows]


def among(connection: Connection, source: int, keys: Sequence[bytes]) -> set[bytes]:
    """Which of some keys of identifiers are on the list of a source; nearly always none, which costs one look."""
    if prepared.scalar(connection, _ANY, number=source) is None:
        return set()
    return {bytes(row[0]) for row in bulk.select_in(connection, taken_down, ("key",), "key", keys, source=source)}
