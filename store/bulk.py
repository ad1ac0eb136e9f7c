# ruff: noqa: S608 - names of tables and columns come from our own code, values are bound
"""Many rows at once, by SQL text given straight to the driver.

SQLAlchemy's own way costs more per row than the database does: on the hot path of a harvest a third of all time. The
statements here are plain SQL that both databases take; values must be what the driver takes (bytes, str, int, bool).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Table

CHUNK = 500
"""Values of one IN list: below every database's limit on parameters."""

Rows = Sequence[tuple[Any, ...]]


def insert(connection: Connection, table: Table, columns: Sequence[str], rows: Rows, *, ignoring: bool = False) -> None:
    """Insert rows; with ``ignoring``, those whose key is there already are left as they are."""
    if rows:
        tail = " ON CONFLICT DO NOTHING" if ignoring else ""
        marks = ", ".join([_mark(connection)] * len(columns))
        connection.exec_driver_sql(
            f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({marks}){tail}",
            list(rows),
        )


def update(connection: Connection, table: Table, columns: Sequence[str], key: str, rows: Rows) -> None:
    """Set columns of rows; the last value of each tuple is that of the key column."""
    if rows:
        mark = _mark(connection)
        assigned = ", ".join(f"{name} = {mark}" for name in columns)
        connection.exec_driver_sql(
            f"UPDATE {table.name} SET {assigned} WHERE {key} = {mark}",
            list(rows),
        )


def select_in(
    connection: Connection, table: Table, columns: Sequence[str], key: str, values: Sequence[Any], **equal: Any
) -> Iterator[tuple[Any, ...]]:
    """Rows whose key is among some values, and whose other columns equal what is given."""
    for start in range(0, len(values), CHUNK):
        chunk = tuple(values[start : start + CHUNK])
        text = _select(table.name, tuple(columns), key, len(chunk), tuple(equal), _mark(connection))
        for row in connection.exec_driver_sql(text, (*equal.values(), *chunk)):
            yield tuple(row)


def set_in(connection: Connection, table: Table, column: str, value: Any, key: str, values: Sequence[Any]) -> None:
    """Give a column of the rows whose key is among some values one and the same value."""
    mark = _mark(connection)
    for start in range(0, len(values), CHUNK):
        chunk = tuple(values[start : start + CHUNK])
        marks = ", ".join([mark] * len(chunk))
        connection.exec_driver_sql(
            f"UPDATE {table.name} SET {column} = {mark} WHERE {key} IN ({marks})",
            (value, *chunk),
        )


@lru_cache(maxsize=256)
def _select(table: str, columns: tuple[str, ...], key: str, count: int, equal: tuple[str, ...], mark: str) -> str:
    conditions = [f"{name} = {mark}" for name in equal]
    conditions.append(f"{key} IN ({', '.join([mark] * count)})")
    return f"SELECT {', '.join(columns)} FROM {table} WHERE {' AND '.join(conditions)}"


def _mark(connection: Connection) -> str:
    return "?" if connection.dialect.paramstyle == "qmark" else "%s"
