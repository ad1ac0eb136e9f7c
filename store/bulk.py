"""Many rows at once, in each database's own fastest way.

SQLAlchemy's own way costs more per row than the database does: on the hot path of a harvest a third of all time.
Values must be what both drivers take: bytes, str, int, bool, None.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Table

from store import dialect

Rows = Sequence[tuple[Any, ...]]
Value = TypeVar("Value")
IN_LIST = 500
"""Values of one IN list: below every database's limit on parameters."""


def chunks(values: Sequence[Value], size: int = IN_LIST) -> Iterator[Sequence[Value]]:
    """The values in their order, in parts that fit into an IN list."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def insert(connection: Connection, table: Table, columns: Sequence[str], rows: Rows, *, ignoring: bool = False) -> None:
    """Insert rows; with ``ignoring``, those whose key is there already are left as they are."""
    if rows:
        dialect.of(connection).insert(connection, table, columns, rows, ignoring)


def update(connection: Connection, table: Table, columns: Sequence[str], key: str, rows: Rows) -> None:
    """Set columns of rows; the last value of each tuple is that of the key column. No key may come twice."""
    if rows:
        dialect.of(connection).update(connection, table, columns, key, rows)


def select_in(
    connection: Connection, table: Table, columns: Sequence[str], key: str, values: Sequence[Any], **equal: Any
) -> Iterator[tuple[Any, ...]]:
    """Rows whose key is among some values, and whose other columns equal what is given."""
    if values:
        for row in dialect.of(connection).select_in(connection, table, columns, key, values, equal):
            yield tuple(row)


def set_in(connection: Connection, table: Table, column: str, value: Any, key: str, values: Sequence[Any]) -> None:
    """Give a column of the rows whose key is among some values one and the same value."""
    if values:
        dialect.of(connection).set_in(connection, table, column, value, key, values)


def empty(connection: Connection, table: Table) -> None:
    """Delete all rows of a table that no other refers to."""
    dialect.of(connection).empty(connection, table)
