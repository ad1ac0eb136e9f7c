# ruff: noqa: S608 - names of tables and columns come from our own code, values are bound
"""SQLite: one file, one writer at a time, many readers beside it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Engine, Select, Table, Update, event
from sqlalchemy.dialects import sqlite as dialects
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, OperationalError

BUSY_TIMEOUT_S = 60
CACHE_KB = 16384
"""Of pages, by each connection. More gained nothing, at a million records neither: the system keeps the file, too."""
_CHUNK = 500
"""Values of one IN list: far below the limit on parameters, and few different statements."""


def address(url: URL) -> URL:
    """As it is."""
    return url


def prepare(engine: Engine) -> Engine:
    """Write-ahead log, foreign keys, patience; a write transaction takes the write lock at once (BEGIN IMMEDIATE).

    One that reads first and writes later would fail instead of waiting when another process writes in between.
    """

    @event.listens_for(engine, "connect")
    def _pragmas(connection: sqlite3.Connection, _: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves; the driver's own comes too late for IMMEDIATE
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            f"busy_timeout={BUSY_TIMEOUT_S * 1000}",
            "foreign_keys=ON",
            f"cache_size=-{CACHE_KB}",
            "temp_store=MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        write = connection.get_execution_options().get("lampway_write")
        _told("BEGIN IMMEDIATE" if write else "BEGIN", _driver(connection).execute, ())

    return engine


def check(connection: Connection) -> str:
    """Every SQLite file will do."""
    return ""


def reason(error: DBAPIError) -> str:
    """What the disk or another process does to us."""
    if not isinstance(error, OperationalError):
        return ""
    # By code, not by words: names of tables and columns stand in the messages.
    code = getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_IOERR) & 0xFF
    if code == sqlite3.SQLITE_ERROR:
        return ""
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return f"another process has kept it locked for {BUSY_TIMEOUT_S} s; wait for it to end and start again"
    if code == sqlite3.SQLITE_FULL:
        return "the disk is full; make room and start again, what was committed is safe"
    if code == sqlite3.SQLITE_READONLY:
        return "it may not be written; check owner and rights of the file and its folder"
    if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN):  # it tells no more; a full disk is the usual reason
        return f"{error.orig}; see whether its disk is full, and the owner and rights of the file and its folder"
    return str(error.orig)


def now(connection: Connection) -> datetime:
    """This machine's clock: all who use the file are on it."""
    return datetime.now(UTC)


def version(connection: Connection) -> str:
    """Name and version."""
    return f"SQLite {sqlite3.sqlite_version}"


def columns(connection: Connection) -> dict[str, set[str]]:
    """As its schema says."""
    found: dict[str, set[str]] = {}
    for table, column in connection.exec_driver_sql(
        "SELECT tables.name, columns.name FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns "
        "WHERE tables.type = 'table'"
    ):
        found.setdefault(table, set()).add(column)
    return found


def scalar(connection: Connection, statement: Select[Any] | Update, values: dict[str, object]) -> Any:
    """By the driver."""
    row = _run(connection, *_bound(statement, values)).fetchone()
    return None if row is None else row[0]


def execute(connection: Connection, statement: Select[Any] | Update, values: dict[str, object]) -> None:
    """By the driver."""
    _run(connection, *_bound(statement, values))


def insert(
    connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]], ignoring: bool
) -> None:
    """One statement, made once, for all rows."""
    tail = " ON CONFLICT DO NOTHING" if ignoring else ""
    marks = ", ".join("?" * len(columns))
    _run_each(connection, f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({marks}){tail}", rows)


def update(
    connection: Connection, table: Table, columns: Sequence[str], key: str, rows: Sequence[tuple[Any, ...]]
) -> None:
    """One statement, made once, for all rows."""
    assigned = ", ".join(f"{name} = ?" for name in columns)
    _run_each(connection, f"UPDATE {table.name} SET {assigned} WHERE {key} = ?", rows)


def select_in(
    connection: Connection, table: Table, columns: Sequence[str], key: str, values: Sequence[Any], equal: dict[str, Any]
) -> Iterator[Sequence[Any]]:
    """In chunks."""
    for start in range(0, len(values), _CHUNK):
        chunk = tuple(values[start : start + _CHUNK])
        text = _select(table.name, tuple(columns), key, len(chunk), tuple(equal))
        yield from _run(connection, text, (*equal.values(), *chunk)).fetchall()


def set_in(connection: Connection, table: Table, column: str, value: Any, key: str, values: Sequence[Any]) -> None:
    """In chunks."""
    for start in range(0, len(values), _CHUNK):
        chunk = tuple(values[start : start + _CHUNK])
        marks = ", ".join("?" * len(chunk))
        _run(connection, f"UPDATE {table.name} SET {column} = ? WHERE {key} IN ({marks})", (value, *chunk))


def empty(connection: Connection, table: Table) -> None:
    """Without a condition SQLite drops the pages at once."""
    connection.exec_driver_sql(f"DELETE FROM {table.name}")


@lru_cache(maxsize=256)
def _select(table: str, columns: tuple[str, ...], key: str, count: int, equal: tuple[str, ...]) -> str:
    conditions = [f"{name} = ?" for name in equal]
    conditions.append(f"{key} IN ({', '.join('?' * count)})")
    return f"SELECT {', '.join(columns)} FROM {table} WHERE {' AND '.join(conditions)}"


def _run(connection: Connection, text: str, values: tuple[Any, ...] = ()) -> sqlite3.Cursor:
    """A statement by the driver itself, in the transaction that SQLAlchemy began: in a tenth of SQLAlchemy's time."""
    return _told(text, _begun(connection).execute, values)


def _run_each(connection: Connection, text: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """A statement for each row."""
    _told(text, _begun(connection).executemany, rows)


def _begun(connection: Connection) -> sqlite3.Connection:
    """The driver's connection, in a transaction: as by SQLAlchemy's own way, a reader must see one snapshot."""
    if not connection.in_transaction():
        connection.begin()
    return _driver(connection)


def _driver(connection: Connection) -> sqlite3.Connection:
    driver: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]
    return driver


def _told(text: str, run: Callable[[str, Any], sqlite3.Cursor], values: Sequence[Any]) -> sqlite3.Cursor:
    """Run; errors are those that SQLAlchemy would raise."""
    try:
        return run(text, values)
    except sqlite3.Error as error:
        raise DBAPIError.instance(text, None, error, sqlite3.Error) from error


def _bound(statement: Select[Any] | Update, values: dict[str, object]) -> tuple[str, tuple[object, ...]]:
    text, parameters = _compiled(statement)
    return text, tuple([values.get(name, own) for name, own in parameters])


@lru_cache(maxsize=128)
def _compiled(statement: Select[Any] | Update) -> tuple[str, list[tuple[str, object]]]:
    """The text of a statement, and its parameters in their order with the values that it brings itself."""
    compiled = statement.compile(dialect=dialects.dialect())
    return str(compiled), [(name, compiled.params[name]) for name in compiled.positiontup or ()]
