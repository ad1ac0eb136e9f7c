"""Opens the database, brings it up to date, and gives connections and transactions."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError

__all__ = ["BUSY_TIMEOUT_S", "Connection", "Database", "StoreError", "now_text", "open_database"]

BUSY_TIMEOUT_S = 60


class StoreError(Exception):
    """The database cannot be opened or is not ours; the message says what to do."""


def now_text() -> str:
    """This moment as the store writes times: ISO 8601, UTC, seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds")


class Database:
    """One database. Repositories are functions that take a connection of it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A write transaction: committed at the end, rolled back on any exception.

        On SQLite it takes the write lock at once (BEGIN IMMEDIATE): a transaction that reads first and writes later
        would otherwise fail instead of waiting when another process writes in between.
        """
        with (
            _told(),
            self.engine.connect().execution_options(lampway_write=True) as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A read transaction: one snapshot."""
        with _told(), self.engine.connect() as connection:
            yield connection

    def close(self) -> None:
        """Close all pooled connections."""
        self.engine.dispose()


@contextmanager
def _told() -> Iterator[None]:
    """Turn what the disk or another process does to us into a message for people; our own mistakes stay as they are."""
    try:
        yield
    except OperationalError as error:
        reason = str(error.orig)
        if "locked" in reason:
            reason = f"another process has kept it locked for {BUSY_TIMEOUT_S} s; wait for it to end and start again"
        elif "full" in reason or "No space" in reason:
            reason = "the disk is full; make room and start again, what was committed is safe"
        elif "readonly" in reason:
            reason = "it may not be written; check owner and rights of the file and its folder"
        raise StoreError(f"the database cannot go on: {reason}") from error


def open_database(url: str) -> Database:
    """Open the database at a SQLAlchemy URL, creating and migrating it as needed.

    Raises:
        StoreError: no address of a database, not reachable, or made by a newer Lampway.
    """
    parsed = _address(url)
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() == "sqlite" and parsed.database and parsed.database != ":memory:":
        try:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"cannot make the folder of the database {parsed.database}: {error.strerror}; "
                "choose another with LAMPWAY_HOME or LAMPWAY_DATABASE_URL"
            ) from error
    try:
        engine = create_engine(parsed, pool_pre_ping=parsed.get_backend_name() != "sqlite")
    except ModuleNotFoundError as error:
        raise StoreError(f"{error.name} is missing: pip install 'lampway[postgres]'") from error
    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine)
    try:
        _migrate(engine)
    except (OperationalError, DBAPIError) as error:
        engine.dispose()
        place = parsed.render_as_string(hide_password=True)
        raise StoreError(f"cannot open the database {place}: {error.orig}") from error
    return Database(engine)


def _address(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        parsed = None
    if parsed is None or parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise StoreError(  # without the address: a password may stand in it
            "LAMPWAY_DATABASE_URL is no address of an SQLite or PostgreSQL database; "
            "write sqlite:////folder/lampway.db or postgresql://user:password@host/name"
        )
    return parsed


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _pragmas(connection: sqlite3.Connection, _: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves; the driver's own comes too late for IMMEDIATE
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            f"busy_timeout={BUSY_TIMEOUT_S * 1000}",
            "foreign_keys=ON",
            "cache_size=-65536",
            "temp_store=MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        write = connection.get_execution_options().get("lampway_write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _migrate(engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    head = ScriptDirectory.from_config(config).get_current_head()
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    if current == head:
        return
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if current is not None and current not in known:
        raise StoreError(f"the database was made by a newer Lampway (revision {current}): upgrade, or use another home")
    with engine.connect().execution_options(lampway_write=True) as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
