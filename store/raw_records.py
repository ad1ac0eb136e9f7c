"""Repository of raw records: what sources sent, byte for byte."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select, update

from schemas.catalogue import RawRecord
from store import bulk, codec, dictionaries, prepared, taken_down
from store.bulk import chunks
from store.database import now_text
from store.tables import raw_records, records

_HIGHEST = select(func.max(raw_records.c.id))


class PageOutcome(msgspec.Struct):
    """What storing a page found: rows to normalise with their ids, and what needed nothing."""

    new: list[tuple[int, RawRecord]] = msgspec.field(default_factory=list)
    changed: list[tuple[int, RawRecord]] = msgspec.field(default_factory=list)
    deleted: list[tuple[int, RawRecord]] = msgspec.field(default_factory=list)
    """Live before, or never seen, and now a tombstone."""
    same: list[str] = msgspec.field(default_factory=list)
    """Identifiers of records that are as they were."""
    repeated: int = 0
    """Records of this page that an equal or newer one of this run replaces."""

    @property
    def unchanged(self) -> int:
        """How many records needed nothing."""
        return len(self.same) + self.repeated


def store_page(connection: Connection, source: int, run: int, page: Sequence[RawRecord]) -> PageOutcome:
    """Store the records of a page.

    One identifier twice in a run: the one with the newer datestamp stands, of equal ones the later. A record that
    becomes a tombstone keeps the payload that it had when it lived (see ``store.graves``). Of one that was taken down
    nothing is kept; it counts as unchanged.

    Args:
        connection: in a write transaction, the one that also saves the checkpoint.
        source: the source's number.
        run: id of the run, noted on every row seen, so that a complete run can tell what it did not see.
        page: records of that source.
    """
    latest = _latest(page)
    outcome = PageOutcome(repeated=len(page) - len(latest))
    known = _known(connection, source, list(latest))
    refused = taken_down.among(connection, source, list(latest))
    at = now_text()
    fresh: list[tuple[RawRecord, int, bytes]] = []
    rewritten: list[tuple[RawRecord, int]] = []
    buried: list[tuple[object, ...]] = []  # keep their last payload: while they rest they may be wanted back
    seen: list[int] = []
    highest = 0
    for key, raw in latest.items():
        raw.digest = raw.digest or codec.digest(raw.payload)
        row = known.get(key)
        if key in refused:
            outcome.same.append(raw.record)
            seen += [row[0]] if row else []
            continue
        if row is None:
            if not fresh:
                # Numbers are given here, in the one write transaction, so that the rows need not be read back.
                highest = prepared.scalar(connection, _HIGHEST) or 0
            id_ = highest + 1 + len(fresh)
            fresh.append((raw, id_, key))
            (outcome.deleted if raw.deleted else outcome.new).append((id_, raw))
            continue
        id_, digest, was_deleted, last_run, datestamp = row
        if last_run == run and _is_older(raw, datestamp):
            outcome.repeated += 1
        elif (was_deleted and raw.deleted) or (digest == raw.digest and was_deleted == raw.deleted):
            outcome.same.append(raw.record)
            seen.append(id_)
        elif raw.deleted:
            buried.append((raw.datestamp[:40], True, run, at, id_))
            outcome.deleted.append((id_, raw))
        else:
            rewritten.append((raw, id_))
            outcome.changed.append((id_, raw))
    _write(connection, source, run, at, fresh, rewritten)
    bulk.update(connection, raw_records, ("datestamp", "deleted", "run", "changed_at"), "id", buried)
    bulk.set_in(connection, raw_records, "run", run, "id", seen)
    return outcome


def _latest(page: Sequence[RawRecord]) -> dict[bytes, RawRecord]:
    """By key: of what the page has twice, the one that stands."""
    latest: dict[bytes, RawRecord] = {}
    for raw in page:
        key = codec.key_of(raw.record)
        if key not in latest or not _is_older(raw, latest[key].datestamp):
            latest[key] = raw
    return latest


def _write(
    connection: Connection,
    source: int,
    run: int,
    at: str,
    fresh: Sequence[tuple[RawRecord, int, bytes]],
    rewritten: Sequence[tuple[RawRecord, int]],
) -> None:
    payloads = [raw.payload for raw, _, _ in fresh] + [raw.payload for raw, _ in rewritten]
    pack = dictionaries.packer(connection, source, "raw", payloads) if payloads else codec.compress
    rows = [(*_values(raw, pack, run, at), id_, source, key, raw.record) for raw, id_, key in fresh]
    bulk.insert(connection, raw_records, (*_VALUES, "id", "source", "name", "record"), rows)
    bulk.update(connection, raw_records, _VALUES, "id", [(*_values(raw, pack, run, at), id_) for raw, id_ in rewritten])


def mark_seen(connection: Connection, source: int, run: int, identifiers: Sequence[str]) -> None:
    """Note that a run met records that it could not take, so that they are not thought to have vanished."""
    rows = _known(connection, source, [codec.key_of(identifier) for identifier in identifiers])
    bulk.set_in(connection, raw_records, "run", run, "id", [row[0] for row in rows.values()])


def _known(
    connection: Connection, source: int, keys: Sequence[bytes]
) -> dict[bytes, tuple[int, bytes, bool, int, str]]:
    """By key: (row, digest, deleted, last run, datestamp) of the records that are there."""
    columns = ("name", "id", "digest", "deleted", "run", "datestamp")
    return {
        bytes(key): (id_, bytes(digest), bool(deleted), run, datestamp)
        for key, id_, digest, deleted, run, datestamp in bulk.select_in(
            connection, raw_records, columns, "name", keys, source=source
        )
    }


def _is_older(raw: RawRecord, datestamp: str) -> bool:
    """Whether a record is older than one with that datestamp, as far as both say."""
    return bool(raw.datestamp) and raw.datestamp < datestamp


_VALUES = ("datestamp", "deleted", "digest", "payload", "run", "changed_at")


def _values(raw: RawRecord, pack: Callable[[bytes], bytes], run: int, at: str) -> tuple[object, ...]:
    return raw.datestamp[:40], raw.deleted, raw.digest, pack(raw.payload), run, at


def iterate(
    connection: Connection, source: int, source_id: str, batch: int = 1000
) -> Iterator[list[tuple[int, RawRecord]]]:
    """All raw records of a source in batches, by id, with their row numbers."""
    last = 0
    while rows := after(connection, source, source_id, last, batch):
        last = rows[-1][0]
        yield rows


def after(
    connection: Connection, source: int, source_id: str, last: int, limit: int = 1000
) -> list[tuple[int, RawRecord]]:
    """The raw records of a source whose row numbers follow ``last``."""
    rows = connection.execute(
        select(raw_records)
        .where(raw_records.c.source == source, raw_records.c.id > last)
        .order_by(raw_records.c.id)
        .limit(limit)
    )
    return [_read(connection, row, source_id) for row in rows]


def by_ids(connection: Connection, source_id: str, ids: Sequence[int]) -> list[tuple[int, RawRecord]]:
    """Raw records of one source by row number."""
    found: list[tuple[int, RawRecord]] = []
    for part in chunks(ids):
        rows = connection.execute(select(raw_records).where(raw_records.c.id.in_(part)))
        found += [_read(connection, row, source_id) for row in rows]
    return found


def _read(connection: Connection, row: Any, source_id: str) -> tuple[int, RawRecord]:
    raw = RawRecord(
        source=source_id,
        record=row.record,
        payload=dictionaries.unpack(connection, row.payload),
        datestamp=row.datestamp,
        deleted=row.deleted,
        digest=bytes(row.digest),
    )
    return row.id, raw


def find(
    connection: Connection, source_numbers: Sequence[int], identifiers: Sequence[str]
) -> dict[str, list[tuple[int, int]]]:
    """Live records by the sources' own identifiers: identifier -> [(source, row number)], in some sources."""
    keys = {codec.key_of(identifier): identifier for identifier in identifiers}
    wanted = list(keys)
    found: dict[str, list[tuple[int, int]]] = {}
    for numbers in chunks(source_numbers):
        for part in chunks(wanted):
            rows = connection.execute(
                select(raw_records.c.source, raw_records.c.name, raw_records.c.id).where(
                    raw_records.c.source.in_(numbers),
                    raw_records.c.name.in_(part),
                    raw_records.c.deleted.is_(False),
                )
            )
            for row in rows:
                found.setdefault(keys[bytes(row.name)], []).append((row.source, row.id))
    return found


def rows_of(connection: Connection, source: int, identifiers: Sequence[str]) -> dict[str, int]:
    """Row numbers of a source's records by identifier, deleted ones included; unknown ones are left out."""
    known = _known(connection, source, [codec.key_of(identifier) for identifier in identifiers])
    return {name: row[0] for name in identifiers if (row := known.get(codec.key_of(name)))}


def seen_since(connection: Connection, source: int, first_run: int) -> int:
    """How many distinct records of the source a run, or those that went on with it, have seen."""
    return connection.scalar(
        select(func.count())
        .select_from(raw_records)
        .where(raw_records.c.source == source, raw_records.c.run >= first_run)
    ) or 0  # fmt: skip


def unsee(connection: Connection, source: int, first_run: int) -> None:
    """What a run, and those that it went on with, have seen of a source counts as not seen by them."""
    seen = (raw_records.c.source == source, raw_records.c.run >= first_run)
    connection.execute(update(raw_records).where(*seen).values(run=first_run - 1))


def unseen(connection: Connection, source: int, first_run: int, identifiers: Sequence[str]) -> list[str]:
    """Which of some identifiers a run, and those that went on with it, have not seen."""
    known = _known(connection, source, [codec.key_of(identifier) for identifier in identifiers])
    return [
        identifier
        for identifier in identifiers
        if (row := known.get(codec.key_of(identifier))) is None or row[3] < first_run
    ]


def vanished(connection: Connection, source: int, first_run: int) -> list[int]:
    """Row numbers of the live records that a run, and those that went on with it, have not seen."""
    return list(
        connection.scalars(
            select(raw_records.c.id).where(
                raw_records.c.source == source, raw_records.c.run < first_run, raw_records.c.deleted.is_(False)
            )
        )
    )


def buried_alive(connection: Connection, source: int) -> list[int]:
    """Row numbers of tombstones whose records still live: deletions that have not been carried out yet."""
    tombstones = select(raw_records.c.id).where(raw_records.c.source == source, raw_records.c.deleted.is_(True))
    carried_out = select(records.c.id).where(records.c.source == source, records.c.deleted.is_(True))
    # The difference of two indexes first: a lookup for each tombstone of a large source would read half its records.
    left = tombstones.except_(carried_out)
    return list(connection.scalars(select(records.c.id).where(records.c.id.in_(left), records.c.deleted.is_(False))))


def names(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Identifier and datestamp by row number."""
    found: dict[int, tuple[str, str]] = {}
    for part in chunks(ids):
        rows = connection.execute(
            select(raw_records.c.id, raw_records.c.record, raw_records.c.datestamp).where(raw_records.c.id.in_(part))
        )
        found.update({row.id: (row.record, row.datestamp) for row in rows})
    return found


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
    """Mark rows as deleted that have vanished from their source; their payload stays."""
    for part in chunks(ids):
        connection.execute(
            update(raw_records).where(raw_records.c.id.in_(part)).values(deleted=True, run=run, changed_at=now_text())
        )


def living(connection: Connection, source: int, limit: int) -> list[int]:
    """Row numbers of some records of a source that are not deleted."""
    alive = (raw_records.c.source == source, raw_records.c.deleted.is_(False))
    return list(connection.scalars(select(raw_records.c.id).where(*alive).order_by(raw_records.c.id).limit(limit)))
