"""Repository of the quarantine: what could not be read, with its reason and its bytes, so that nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, bindparam, delete, func, insert, select

from schemas.catalogue import Quarantined
from store import bulk, codec, prepared, taken_down
from store.bulk import chunks
from store.database import now_text
from store.tables import quarantine, raw_records

NAMELESS = "unidentified:"
"""How the name of something begins that told none; the digest of its bytes follows."""

# Statements that every page of a harvest asks are made once: making one costs more than asking it.
_ANY = select(quarantine.c.id).where(quarantine.c.source == bindparam("number")).limit(1)


def add(connection: Connection, source: int, run: int, rows: Sequence[Quarantined]) -> None:
    """Keep what could not be read; nothing of records that were taken down. An older entry of the same is replaced."""
    refused = taken_down.among(connection, source, [codec.key_of(row.record) for row in rows]) if rows else set()
    rows = [row for row in rows if codec.key_of(row.record) not in refused] if refused else rows
    if not rows:
        return
    latest = {(row.record, row.stage): row for row in rows}
    for stage in {row.stage for row in rows}:
        release(connection, source, [record for record, stage_ in latest if stage_ == stage], stage)
    connection.execute(
        insert(quarantine),
        [
            {
                "source": source,
                "run": run,
                "record": row.record,
                "stage": row.stage,
                "position": row.position[:200],
                "reason": row.reason,
                "payload": codec.compress(row.payload),
                "at": now_text(),
            }
            for row in latest.values()
        ],
    )


def among(connection: Connection, source: int, records: Sequence[str]) -> dict[str, dict[str, str]]:
    """Which of some records are in quarantine: record -> {stage: reason}."""
    found: dict[str, dict[str, str]] = {}
    if prepared.scalar(connection, _ANY, number=source) is None:
        return found  # as with most sources: spares a look for each record
    columns = ("record", "stage", "reason")
    for record, stage, reason in bulk.select_in(connection, quarantine, columns, "record", records, source=source):
        found.setdefault(record, {})[stage] = reason
    return found


def release(connection: Connection, source: int, records: Sequence[str], stage: str = "") -> None:
    """Take records out that can be read now, of one stage or ("") of all."""
    for part in chunks(records):
        query = delete(quarantine).where(quarantine.c.source == source, quarantine.c.record.in_(part))
        connection.execute(query.where(quarantine.c.stage == stage) if stage else query)


def forget_nameless(connection: Connection, before: str) -> int:
    """Delete what has no identifier and has not come since a moment (ISO text, UTC); returns how many entries went.

    It is known by its bytes only, so nothing that is read later takes it out; pages with the time in them come as
    something new each day.
    """
    nameless = quarantine.c.record.startswith(NAMELESS, autoescape=True)
    return connection.execute(delete(quarantine).where(nameless, quarantine.c.at < before)).rowcount


def iterate(
    connection: Connection, source: int, source_id: str, run: int | None = None, batch: int = 500
) -> Iterator[Quarantined]:
    """What is in quarantine for a source, as one run left it or all."""
    last = 0
    while True:
        query = select(quarantine).where(quarantine.c.source == source, quarantine.c.id > last)
        if run is not None:
            query = query.where(quarantine.c.run == run)
        rows = connection.execute(query.order_by(quarantine.c.id).limit(batch)).all()
        for row in rows:
            yield Quarantined(
                source=source_id,
                record=row.record,
                reason=row.reason,
                position=row.position,
                payload=codec.decompress(row.payload),
                stage=row.stage,
            )
        if len(rows) < batch:
            return
        last = rows[-1].id


def count(connection: Connection, source: int) -> int:
    """How many records of a source are in quarantine."""
    return (
        connection.scalar(select(func.count(quarantine.c.record.distinct())).where(quarantine.c.source == source)) or 0
    )


def never_stored_since(connection: Connection, source: int, first_run: int) -> list[str]:
    """Names of what arrived since a run only as something unreadable, so that it is in no other table."""
    names = connection.scalars(
        select(quarantine.c.record)
        .distinct()
        .where(quarantine.c.source == source, quarantine.c.run >= first_run, quarantine.c.stage == "fetch")
    ).all()
    by_key = {codec.key_of(name): name for name in names}
    keys = list(by_key)
    for part in chunks(keys):
        stored = connection.scalars(
            select(raw_records.c.name).where(raw_records.c.source == source, raw_records.c.name.in_(part))
        )
        for key in stored:
            del by_key[bytes(key)]
    return list(by_key.values())


def first(connection: Connection, source: int, limit: int) -> list[Quarantined]:
    """The latest entries of a source, without their bytes."""
    query = select(quarantine).where(quarantine.c.source == source).order_by(quarantine.c.id.desc()).limit(limit)
    return [
        Quarantined(source="", record=row.record, reason=row.reason, position=row.position, stage=row.stage)
        for row in connection.execute(query)
    ]
