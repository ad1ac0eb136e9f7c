"""Repository of the graves: records that were removed rest for a time, in which they can be brought back as they were.

What a grave holds is the raw record itself, marked as deleted but with its last payload; here stands only who lies
there, since when, and which run removed it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, delete, func, insert, select, update

from store import codec
from store.bulk import chunks
from store.database import now_text
from store.tables import graves, raw_records


def bury(connection: Connection, source: int, run: int, ids: Sequence[int]) -> None:
    """Note that a run removed records of a source; their rest begins now."""
    at = now_text()
    for part in chunks(ids):
        connection.execute(delete(graves).where(graves.c.record.in_(part)))
        rows = [{"record": id_, "source": source, "run": run, "removed_at": at} for id_ in part]
        connection.execute(insert(graves), rows)


def resting(
    connection: Connection, source: int, *, run: int | None = None, names: Sequence[str] = (), limit: int = 1_000_000
) -> list[int]:
    """Row numbers of the records of a source that can be brought back.

    Args:
        connection: to the store.
        source: the source's number.
        run: only those that this run removed.
        names: only those with these identifiers.
        limit: so many at most.
    """
    query = (
        select(graves.c.record)
        .join(raw_records, raw_records.c.id == graves.c.record)
        .where(graves.c.source == source, graves.c.restored_at.is_(None), raw_records.c.deleted.is_(True))
    )
    if run is not None:
        query = query.where(graves.c.run == run)
    if names:
        query = query.where(raw_records.c.record.in_(names))
    return list(connection.scalars(query.order_by(graves.c.record).limit(limit)))


def open_again(connection: Connection, ids: Sequence[int]) -> None:
    """Records live again by a person's word; that it was so is remembered as long as they would have rested."""
    for part in chunks(ids):
        now = now_text()
        connection.execute(update(graves).where(graves.c.record.in_(part)).values(restored_at=now))
        connection.execute(update(raw_records).where(raw_records.c.id.in_(part)).values(deleted=False, changed_at=now))


def keep_out(connection: Connection, source: int, run: int, ids: Sequence[int]) -> None:
    """Records that a run would remove live on by a person's word, as if they had been brought back at once."""
    bury(connection, source, run, ids)
    open_again(connection, ids)


def kept_in_spite(connection: Connection, source: int, tombstones: Mapping[str, str]) -> list[str]:
    """Of tombstones (identifier -> datestamp) those of which a person has said already that their records live on."""
    if not tombstones:
        return []
    rows = connection.execute(
        select(raw_records.c.record, raw_records.c.datestamp)
        .join(graves, graves.c.record == raw_records.c.id)
        .where(graves.c.source == source, graves.c.restored_at.is_not(None), raw_records.c.deleted.is_(False))
    )
    return [row.record for row in rows if tombstones.get(row.record) == row.datestamp]


def brought_back(connection: Connection, source: int, ids: Sequence[int]) -> int:
    """How many of some records a person brought back: they do not go again without a person."""
    wanted = set(ids)
    rows = connection.scalars(
        select(graves.c.record).where(graves.c.source == source, graves.c.restored_at.is_not(None))
    )
    return sum(row in wanted for row in rows) if wanted else 0


def oldest(connection: Connection, source: int) -> tuple[int, str]:
    """(how many records of a source rest, since when the first of them does; "" where none does)."""
    row = connection.execute(
        select(func.count(), func.min(graves.c.removed_at))
        .join(raw_records, raw_records.c.id == graves.c.record)
        .where(graves.c.source == source, graves.c.restored_at.is_(None), raw_records.c.deleted.is_(True))
    ).one()
    return int(row[0]), row[1] or ""


def due(connection: Connection, before: str, limit: int) -> list[tuple[int, bool]]:
    """(record, whether it is dead) of graves older than a moment (ISO text, UTC)."""
    since = func.coalesce(graves.c.restored_at, graves.c.removed_at)
    rows = connection.execute(
        select(graves.c.record, raw_records.c.deleted)
        .join(raw_records, raw_records.c.id == graves.c.record)
        .where(since < before)
        .order_by(graves.c.record)
        .limit(limit)
    )
    return [(row.record, bool(row.deleted)) for row in rows]


def clear(connection: Connection, ids: Sequence[int], dead: Sequence[int]) -> None:
    """Close graves for good: what was noted of ``ids`` goes, of the dead ones the payload, too. Tombstones stay."""
    empty = codec.compress(b"")
    for part in chunks(dead):
        connection.execute(update(raw_records).where(raw_records.c.id.in_(part)).values(payload=empty))
    for part in chunks(ids):
        connection.execute(delete(graves).where(graves.c.record.in_(part)))
