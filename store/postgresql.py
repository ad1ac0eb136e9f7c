# ruff: noqa: S608 - names of tables and columns come from our own code, values are bound
"""PostgreSQL by psycopg 3 (the extra ``lampway[postgres]``): for several processes on several machines.

Writers wait for each other here too (an advisory lock for the length of a write transaction, which is that of a page).
So numbers that are given, outboxes that are emptied, versions that grow and leases that are taken hold the same
promises as on SQLite, and readers never wait. Rows go in by COPY, changes by arrays: one round trip, no parsing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Engine, Select, Table, Update, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import BigInteger, Boolean, Integer, LargeBinary, SmallInteger

LOCK_TIMEOUT_S = 60
_WRITERS = 0x4C616D70776179
""""Lampway" as a number: the name of the writers' lock, which is one in each database."""
_COPY_FROM = 20
"""Rows from which COPY is cheaper than one INSERT."""
_DEFAULTS = {"connect_timeout": "10", "application_name": "lampway"}

_REFUSED = (
    (
        ("password authentication failed", "no password supplied", "role "),
        "the server refuses this user or password; check those in LAMPWAY_DATABASE_URL",
    ),
    (
        ("no pg_hba.conf entry",),
        "the server lets nobody in from this machine with this user; add a line to its pg_hba.conf",
    ),
    (
        ("permission denied",),
        "this user may not do that; make it the owner: ALTER DATABASE name OWNER TO user",
    ),
    (
        ("too many clients", "remaining connection slots", "too many connections"),
        "the server has no connection left; raise its max_connections or run fewer processes",
    ),
    (
        ("starting up", "shutting down", "recovery mode"),
        "the server is starting or stopping; try again in a moment",
    ),
    (
        (
            "Connection refused",
            "translate host name",
            "resolve host",
            "timeout",
            "No such file",
            "unreachable",
            "route",
        ),
        "the server cannot be reached; check host and port in LAMPWAY_DATABASE_URL and that it runs",
    ),
)
"""What the server or the network say before there is a connection has no code, only words."""

_CODES = {
    "55P03": f"another process has kept writing for {LOCK_TIMEOUT_S} s; wait for it to end and start again",
    "53100": "the server's disk is full; make room and start again, what was committed is safe",
    "53200": "the server is out of memory; try again, or give it more",
    "53300": "the server has no connection left; raise its max_connections or run fewer processes",
    "25006": "it may not be written: the server is a standby or read-only; name the primary in LAMPWAY_DATABASE_URL",
    "42501": "this user may not do that; make it the owner: ALTER DATABASE name OWNER TO user",
    "57P01": "the server was stopped; what was committed is safe, start again when it runs",
    "57P02": "the server has crashed; what was committed is safe, start again when it runs",
    "57P03": "the server is starting or stopping; try again in a moment",
}
"""SQLSTATE -> what to do (PostgreSQL's manual, appendix A)."""


def address(url: URL) -> URL:
    """Psycopg 3, and no endless waiting for a server that is silent."""
    missing = {name: value for name, value in _DEFAULTS.items() if name not in url.query}
    return url.set(drivername="postgresql+psycopg").update_query_dict(missing)


def prepare(engine: Engine) -> Engine:
    """Writers one at a time; readers with one snapshot for the whole transaction."""
    _take_any_text(engine)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get("lampway_write") and options.get("lampway_alone", True):
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_S}s'")
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITERS})")

    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _take_any_text(engine: Engine) -> None:
    """Characters of code 0 become U+FFFD: PostgreSQL cannot hold them in text, and the raw bytes keep them anyway."""
    from psycopg.types.string import StrBinaryDumper, StrDumperUnknown

    class Text(StrDumperUnknown):
        def dump(self, obj: str) -> Any:
            return super().dump(obj.replace("\0", "\ufffd") if "\0" in obj else obj)

    class BinaryText(StrBinaryDumper):
        def dump(self, obj: str) -> Any:
            return super().dump(obj.replace("\0", "\ufffd") if "\0" in obj else obj)

    adapters = engine.dialect._psycopg_adapters_map  # type: ignore[attr-defined]
    adapters.register_dumper(str, BinaryText)
    adapters.register_dumper(str, Text)  # the last one is the default


def check(connection: Connection) -> str:
    """It must hold all text, and be new enough."""
    encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
    if encoding != "UTF8":
        return (
            f"its encoding is {encoding}, which cannot hold all catalogues; make one that can: "
            "createdb --template=template0 --encoding=UTF8 NAME"
        )
    return ""


def reason(error: DBAPIError) -> str:
    """What the server or the way to it does to us."""
    text = " ".join(str(error.orig).split())
    code = getattr(error.orig, "sqlstate", None)
    if code in _CODES:
        return f"{_CODES[code]} ({text})"
    if code and code[:2] not in ("08", "53", "57", "58", "28", "3D", "XX"):
        return ""
    if "database " in text and "does not exist" in text:
        return f"the server has no such database; make it: createdb --template=template0 --encoding=UTF8 NAME ({text})"
    if not code:
        for words, advice in _REFUSED:
            if any(word in text for word in words):
                return f"{advice} ({text})"
        if not error.connection_invalidated and type(error.orig).__name__ != "OperationalError":
            return ""
    return f"the connection broke; what was committed is safe, start again ({text})"


def now(connection: Connection) -> datetime:
    """The server's clock: those of the machines around it may differ."""
    found: datetime = connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
    return found.astimezone(UTC)


def version(connection: Connection) -> str:
    """Name and version."""
    return f"PostgreSQL {connection.exec_driver_sql('SHOW server_version').scalar_one()}"


def columns(connection: Connection) -> dict[str, set[str]]:
    """Of the tables that a bare name leads to."""
    found: dict[str, set[str]] = {}
    for table, column in connection.exec_driver_sql(
        "SELECT c.relname::text, a.attname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid "
        "WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped AND pg_table_is_visible(c.oid)"
    ):
        found.setdefault(table, set()).add(column)
    return found


def scalar(connection: Connection, statement: Select[Any] | Update, values: dict[str, object]) -> Any:
    """By SQLAlchemy: the way to the server and back costs more than it does."""
    return connection.scalar(statement, values)


def execute(connection: Connection, statement: Select[Any] | Update, values: dict[str, object]) -> None:
    """By SQLAlchemy."""
    connection.execute(statement, values)


def insert(
    connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]], ignoring: bool
) -> None:
    """By COPY; where keys may be there already, from arrays."""
    names, types = ", ".join(columns), [_type(table, name) for name in columns]
    if ignoring or len(rows) < _COPY_FROM:
        arrays = ", ".join(f"%b::{type_}[]" for type_ in types)
        tail = " ON CONFLICT DO NOTHING" if ignoring else ""
        connection.exec_driver_sql(
            f"INSERT INTO {table.name} ({names}) SELECT * FROM unnest({arrays}){tail}", _transposed(rows)
        )
        return
    statement = f"COPY {table.name} ({names}) FROM STDIN (FORMAT BINARY)"
    driver: Any = connection.dialect.dbapi
    try:  # SQLAlchemy knows no COPY; the transaction is the same
        with connection.connection.cursor().copy(statement) as copy:
            copy.set_types(types)
            for row in rows:
                copy.write_row(row)
    except driver.Error as error:
        raise DBAPIError.instance(statement, None, error, driver.Error, dialect=connection.dialect) from error


def update(
    connection: Connection, table: Table, columns: Sequence[str], key: str, rows: Sequence[tuple[Any, ...]]
) -> None:
    """All rows in one statement."""
    names = (*columns, key)
    arrays = ", ".join(f"%b::{_type(table, name)}[]" for name in names)
    fresh = ", ".join(f"v{place}" for place in range(len(names)))
    assigned = ", ".join(f"{name} = v{place}" for place, name in enumerate(columns))
    connection.exec_driver_sql(
        f"UPDATE {table.name} SET {assigned} FROM unnest({arrays}) AS fresh ({fresh}) "
        f"WHERE {table.name}.{key} = v{len(columns)}",
        _transposed(rows),
    )


def select_in(
    connection: Connection, table: Table, columns: Sequence[str], key: str, values: Sequence[Any], equal: dict[str, Any]
) -> Iterable[Sequence[Any]]:
    """One array."""
    conditions = [f"{name} = %s" for name in equal]
    conditions.append(f"{key} = ANY(%b::{_type(table, key)}[])")
    return connection.exec_driver_sql(
        f"SELECT {', '.join(columns)} FROM {table.name} WHERE {' AND '.join(conditions)}",
        (*equal.values(), list(values)),
    )


def set_in(connection: Connection, table: Table, column: str, value: Any, key: str, values: Sequence[Any]) -> None:
    """One array."""
    connection.exec_driver_sql(
        f"UPDATE {table.name} SET {column} = %s WHERE {key} = ANY(%b::{_type(table, key)}[])", (value, list(values))
    )


def empty(connection: Connection, table: Table) -> None:
    """DELETE would visit every row, and leave them all to be cleaned up."""
    connection.exec_driver_sql(f"TRUNCATE {table.name}")


def _transposed(rows: Sequence[tuple[Any, ...]]) -> tuple[list[Any], ...]:
    return tuple(list(column) for column in zip(*rows, strict=True))


@cache
def _type(table: Table, column: str) -> str:
    type_ = table.c[column].type
    for known, name in (
        (LargeBinary, "bytea"),
        (Boolean, "boolean"),
        (BigInteger, "bigint"),
        (SmallInteger, "smallint"),
        (Integer, "integer"),
    ):
        if isinstance(type_, known):
            return name
    return "text"
