"""Repository of merging keys: by which records a record may have to be compared. Keys are signed 64-bit hashes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection, delete, select

from store import bulk
from store.bulk import chunks
from store.tables import record_keys


def replace(connection: Connection, keys: Mapping[int, Iterable[int]]) -> None:
    """Give records their keys, in place of those they had."""
    forget(connection, list(keys))
    add(connection, keys)


def add(connection: Connection, keys: Mapping[int, Iterable[int]]) -> None:
    """Give keys to records that have none."""
    rows = [(key, record) for record, own in keys.items() for key in set(own)]
    rows.sort()  # the table is ordered by key: sorted rows go in several times faster
    bulk.insert(connection, record_keys, ("key", "record"), rows)


def forget(connection: Connection, records: Sequence[int]) -> None:
    """Take all keys from records."""
    for part in chunks(records):
        connection.execute(delete(record_keys).where(record_keys.c.record.in_(part)))


def forget_all(connection: Connection) -> None:
    """Take all keys from all records."""
    bulk.empty(connection, record_keys)


def of_records(connection: Connection, records: Sequence[int]) -> set[int]:
    """The keys of any of the records."""
    return {
        row.key
        for part in chunks(records)
        for row in connection.execute(select(record_keys.c.key).where(record_keys.c.record.in_(part)).distinct())
    }


def records_with(connection: Connection, keys: Iterable[int]) -> set[int]:
    """The records that have any of the keys."""
    wanted = list(keys)
    return {
        row.record
        for part in chunks(wanted)
        for row in connection.execute(select(record_keys.c.record).where(record_keys.c.key.in_(part)).distinct())
    }
