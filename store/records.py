"""Repository of normalised records, and the outbox of those that the indexer has not merged yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from typing import TypeVar

from sqlalchemy import Connection, bindparam, delete, func, insert, literal, select

from schemas.catalogue import CatalogueRecord, RecordHoldings, Source
from store import bulk, codec, dictionaries
from store.bulk import chunks
from store.tables import pending_records, records, sources

T = TypeVar("T")


def upsert(
    connection: Connection, source: int, rows: Iterable[tuple[int, CatalogueRecord]], new: Set[int] = frozenset()
) -> int:
    """Store normalised records under the row numbers of their raw records, and put those that changed in the outbox.

    Args:
        connection: in a write transaction.
        source: the source's number.
        rows: the records; their row numbers need not be known before they are taken.
        new: row numbers that were given in this transaction, for which nothing can be stored yet.

    Returns:
        How many were new or different.
    """
    written = [(id_, record.deleted, codec.to_json(record)) for id_, record in rows]
    if not written:
        return 0
    ids = [id_ for id_, _, _ in written if id_ not in new]
    old = {id_: bytes(data) for id_, data in bulk.select_in(connection, records, ("id", "data"), "id", ids)}
    added: list[tuple[object, ...]] = []
    replaced: list[tuple[object, ...]] = []
    touched: list[int] = []
    pack = dictionaries.packer(connection, source, "record", [text for _, _, text in written])
    for id_, deleted, text in written:
        data = pack(text)
        before = old.get(id_)
        if before is None:
            added.append((id_, source, deleted, data, "", 0))
        elif data != before and text != dictionaries.unpack(connection, before):
            replaced.append((deleted, data, id_))
        else:
            continue
        touched.append(id_)
    bulk.insert(connection, records, ("id", "source", "deleted", "data", "edition", "work"), added)
    bulk.update(connection, records, ("deleted", "data"), "id", replaced)
    mark_pending(connection, touched)
    return len(touched)


def mark_pending(connection: Connection, ids: Iterable[int]) -> None:
    """Put records in the indexer's outbox."""
    bulk.insert(connection, pending_records, ("record",), [(id_,) for id_ in ids], ignoring=True)


def mark_all_pending(connection: Connection) -> None:
    """Put every record in the outbox: after a change of the merging rules."""
    connection.execute(delete(pending_records))
    connection.execute(insert(pending_records).from_select(["record"], select(records.c.id)))


def pending(connection: Connection, limit: int = 100_000) -> list[int]:
    """Records that wait to be merged, by row number."""
    rows = connection.execute(select(pending_records.c.record).order_by(pending_records.c.record).limit(limit))
    return [row.record for row in rows]


def count_pending(connection: Connection) -> int:
    """How many records wait to be merged."""
    return connection.scalar(select(func.count()).select_from(pending_records)) or 0


def clear_pending(connection: Connection, ids: Sequence[int] | None = None) -> None:
    """Take records out of the outbox, in the transaction that stores what came of them. None = all."""
    if ids is None:
        connection.execute(delete(pending_records))
        return
    for part in chunks(ids):
        connection.execute(delete(pending_records).where(pending_records.c.record.in_(part)))


def decode(connection: Connection, data: bytes) -> CatalogueRecord:
    """The record in a ``data`` column."""
    return codec.from_json(dictionaries.unpack(connection, data), CatalogueRecord)


_SOURCE = select(sources.c.data).where(sources.c.number == bindparam("number"))
_BY_IDS = select(records.c.id, records.c.data).where(records.c.id.in_(bindparam("ids", expanding=True)))


def by_ids(connection: Connection, ids: Sequence[int]) -> dict[int, CatalogueRecord]:
    """Records by row number; missing ones are left out."""
    found: dict[int, CatalogueRecord] = {}
    for part in chunks(ids):
        rows = connection.execute(_BY_IDS, {"ids": part})
        found.update({id_: decode(connection, data) for id_, data in rows})
    return found


def with_sources(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[Source, CatalogueRecord]]:
    """Records by row number, each with its source, as ``store.holdings.place`` takes them; missing ones left out."""
    return _with_sources(connection, ids, CatalogueRecord)


def holdings_with_sources(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[Source, RecordHoldings]]:
    """The same with no more of each record than its holdings."""
    return _with_sources(connection, ids, RecordHoldings)


def _with_sources(connection: Connection, ids: Sequence[int], type_: type[T]) -> dict[int, tuple[Source, T]]:
    found: dict[int, tuple[Source, T]] = {}
    known: dict[int, Source] = {}
    for id_, source, data in bulk.select_in(connection, records, ("id", "source", "data"), "id", ids):
        if source not in known:
            told = connection.scalar(_SOURCE, {"number": source})
            if told is None:
                continue
            known[source] = codec.from_json(told, Source)
        found[id_] = (known[source], codec.from_json(dictionaries.unpack(connection, data), type_))
    return found


def iterate(
    connection: Connection, *, source: int | None = None, batch: int = 2000, deleted: bool = True
) -> Iterator[list[tuple[int, CatalogueRecord]]]:
    """All records in batches by row number, of one source or all."""
    last = 0
    while True:
        query = select(records.c.id, records.c.data).where(records.c.id > literal(last))
        if source is not None:
            query = query.where(records.c.source == source)
        if not deleted:
            query = query.where(records.c.deleted.is_(False))
        rows = connection.execute(query.order_by(records.c.id).limit(batch)).all()
        if not rows:
            return
        last = rows[-1].id
        yield [(row.id, decode(connection, row.data)) for row in rows]


def alive_among(connection: Connection, ids: Sequence[int]) -> set[int]:
    """Which of some rows are live records."""
    return {row[0] for row in bulk.select_in(connection, records, ("id",), "id", ids, deleted=False)}


def count_live(connection: Connection, source: int) -> int:
    """How many live records a source has."""
    return connection.scalar(
        select(func.count()).select_from(records).where(records.c.source == source, records.c.deleted.is_(False))
    ) or 0  # fmt: skip


def count_each(connection: Connection, source: int) -> tuple[int, int]:
    """(live, deleted) records of a source, as the search has them: what waits for a decision still lives."""
    query = select(records.c.deleted, func.count()).where(records.c.source == source).group_by(records.c.deleted)
    counts = {bool(row[0]): int(row[1]) for row in connection.execute(query)}
    return counts.get(False, 0), counts.get(True, 0)


def count(connection: Connection) -> int:
    """How many live records there are."""
    return connection.scalar(select(func.count()).select_from(records).where(records.c.deleted.is_(False))) or 0


def count_by_source(connection: Connection) -> dict[str, int]:
    """Live records per source id."""
    rows = connection.execute(
        select(sources.c.id, func.count())
        .join(records, records.c.source == sources.c.number)
        .where(records.c.deleted.is_(False))
        .group_by(sources.c.id)
    )
    return {row[0]: int(row[1]) for row in rows}
