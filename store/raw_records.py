"""Repository of raw records: what sources sent, byte for byte, and what could not be read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from schemas.catalogue import Quarantined, RawRecord
from store import codec
from store.database import now_text
from store.tables import quarantine, raw_records

_CHUNK = 500
"""Values of one IN list: below every database's limit on parameters."""


class PageOutcome(msgspec.Struct):
    """What storing a page found: rows to normalise with their ids, and how many needed nothing."""

    new: list[tuple[int, RawRecord]] = msgspec.field(default_factory=list)
    changed: list[tuple[int, RawRecord]] = msgspec.field(default_factory=list)
    deleted: list[tuple[int, RawRecord]] = msgspec.field(default_factory=list)
    """Live before, or never seen, and now a tombstone."""
    unchanged: int = 0


def store_page(connection: Connection, source: int, run: int, page: Sequence[RawRecord]) -> PageOutcome:
    """Store the records of a page; one identifier twice on a page: the last one wins, the first counts as unchanged.

    Args:
        connection: in a write transaction, the one that also saves the checkpoint.
        source: the source's number.
        run: id of the run, noted on every row seen, so that a complete run can tell what it did not see.
        page: records of that source.
    """
    outcome = PageOutcome()
    latest = {codec.key_of(raw.record): raw for raw in page}
    outcome.unchanged = len(page) - len(latest)
    known: dict[bytes, tuple[int, bytes, bool]] = {}
    keys = list(latest)
    for start in range(0, len(keys), _CHUNK):
        rows = connection.execute(
            select(raw_records.c.key, raw_records.c.id, raw_records.c.digest, raw_records.c.deleted).where(
                raw_records.c.source == source, raw_records.c.key.in_(keys[start : start + _CHUNK])
            )
        )
        known.update({bytes(row.key): (row.id, bytes(row.digest), row.deleted) for row in rows})
    at = now_text()
    fresh: list[dict[str, object]] = []
    rewritten: list[dict[str, object]] = []
    seen: list[int] = []
    highest = 0
    for key, raw in latest.items():
        raw.digest = raw.digest or codec.digest(raw.payload)
        if key in known:
            id_, old, was_deleted = known[key]
            if (old == raw.digest and was_deleted == raw.deleted) or (was_deleted and raw.deleted):
                outcome.unchanged += 1
                seen.append(id_)
                continue
            rewritten.append(_row(raw, source, run, at) | {"row": id_})
        else:
            if not fresh:
                # Numbers are given here, in the one write transaction, so that the rows need not be read back.
                highest = connection.scalar(select(func.max(raw_records.c.id))) or 0
            id_, was_deleted = highest + 1 + len(fresh), False
            fresh.append(_row(raw, source, run, at) | {"id": id_, "key": key, "record": raw.record})
        if raw.deleted:
            outcome.deleted.append((id_, raw))
        elif key in known:
            outcome.changed.append((id_, raw))
        else:
            outcome.new.append((id_, raw))
    if fresh:
        connection.execute(insert(raw_records), fresh)
    if rewritten:
        connection.execute(update(raw_records).where(raw_records.c.id == bindparam("row")), rewritten)
    for start in range(0, len(seen), _CHUNK):
        connection.execute(
            update(raw_records).where(raw_records.c.id.in_(seen[start : start + _CHUNK])).values(run=run)
        )
    return outcome


def _row(raw: RawRecord, source: int, run: int, at: str) -> dict[str, object]:
    return {
        "source": source,
        "datestamp": raw.datestamp[:40],
        "deleted": raw.deleted,
        "digest": raw.digest,
        "dictionary": 0,
        "payload": codec.compress(raw.payload),
        "run": run,
        "changed_at": at,
    }


def iterate(
    connection: Connection, source: int, source_id: str, batch: int = 1000
) -> Iterator[list[tuple[int, RawRecord]]]:
    """All raw records of a source in batches, by id, with their row numbers."""
    last = 0
    while True:
        rows = connection.execute(
            select(raw_records)
            .where(raw_records.c.source == source, raw_records.c.id > last)
            .order_by(raw_records.c.id)
            .limit(batch)
        ).all()
        if not rows:
            return
        last = rows[-1].id
        yield [
            (
                row.id,
                RawRecord(
                    source=source_id,
                    record=row.record,
                    payload=codec.decompress(row.payload),
                    datestamp=row.datestamp,
                    deleted=row.deleted,
                    digest=bytes(row.digest),
                ),
            )
            for row in rows
        ]


def seen_in_run(connection: Connection, source: int, run: int) -> int:
    """How many distinct identifiers of the source a run has seen."""
    return connection.scalar(
        select(func.count()).select_from(raw_records).where(raw_records.c.source == source, raw_records.c.run == run)
    ) or 0  # fmt: skip


def not_seen_in_run(connection: Connection, source: int, run: int) -> list[int]:
    """Row numbers of the live records of a source that a run has not seen."""
    rows = connection.execute(
        select(raw_records.c.id).where(
            raw_records.c.source == source, raw_records.c.run != run, raw_records.c.deleted.is_(False)
        )
    )
    return [row.id for row in rows]


def count(connection: Connection, source: int) -> tuple[int, int]:
    """(live, deleted) records of a source."""
    rows = connection.execute(
        select(raw_records.c.deleted, func.count())
        .where(raw_records.c.source == source)
        .group_by(raw_records.c.deleted)
    )
    counts = {bool(row[0]): int(row[1]) for row in rows}
    return counts.get(False, 0), counts.get(True, 0)


def mark_deleted(connection: Connection, ids: Sequence[int], run: int) -> None:
    """Mark rows as deleted whose source keeps no tombstones; their payload stays."""
    for start in range(0, len(ids), _CHUNK):
        connection.execute(
            update(raw_records)
            .where(raw_records.c.id.in_(ids[start : start + _CHUNK]))
            .values(deleted=True, run=run, changed_at=now_text())
        )


def add_quarantined(connection: Connection, source: int, run: int, rows: Sequence[Quarantined]) -> None:
    """Keep what could not be read. An older entry of the same record and stage is replaced."""
    if not rows:
        return
    for row in rows:
        connection.execute(
            delete(quarantine).where(
                quarantine.c.source == source, quarantine.c.record == row.record, quarantine.c.stage == row.stage
            )
        )
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
            for row in rows
        ],
    )


def quarantined(connection: Connection, source: int, source_id: str, run: int | None = None) -> list[Quarantined]:
    """What is in quarantine for a source, of one run or all."""
    query = select(quarantine).where(quarantine.c.source == source).order_by(quarantine.c.id)
    if run is not None:
        query = query.where(quarantine.c.run == run)
    return [
        Quarantined(
            source=source_id,
            record=row.record,
            reason=row.reason,
            position=row.position,
            payload=codec.decompress(row.payload),
            stage=row.stage,
        )
        for row in connection.execute(query)
    ]


def release(connection: Connection, source: int, records: Sequence[str], stage: str) -> None:
    """Take records out of quarantine that can be read now."""
    for start in range(0, len(records), _CHUNK):
        connection.execute(
            delete(quarantine).where(
                quarantine.c.source == source,
                quarantine.c.stage == stage,
                quarantine.c.record.in_(records[start : start + _CHUNK]),
            )
        )
