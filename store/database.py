"""Opens the database, brings it up to date, and gives connections and transactions."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from store.dialect import DIALECTS

__all__ = ["Connection", "Database", "StoreError", "StoreUnavailableError", "now_text", "open_database"]


class StoreError(Exception):
    """The database cannot be opened or is not ours; the message says what to do."""


class StoreUnavailableError(StoreError):
    """The database cannot be used now: it is locked, away, full, or all connections to it are taken."""


def now_text() -> str:
    """This moment as the store writes times: ISO 8601, UTC, seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds")


class Database:
    """One database. Repositories are functions that take a connection of it."""

    def __init__(self, engine: Engine, reading: Engine) -> None:
        self.engine, self._reading = engine, reading
        self.dialect = DIALECTS[engine.dialect.name]
        self._fences: ContextVar[tuple[Callable[[Connection], None], ...]] = ContextVar("fences", default=())

    @contextmanager
    def begin(self, *, alone: bool = True) -> Iterator[Connection]:
        """A write transaction: committed at the end, rolled back on any exception. One at a time, the others wait.

        Args:
            alone: False = it need not wait for other writers where the database can do that; for a change of one row
                on which nothing else depends.
        """
        with (
            self._told(),
            self.engine.connect().execution_options(lampway_write=True, lampway_alone=alone) as connection,
            connection.begin(),
        ):
            for fence in self._fences.get():
                fence(connection)
            yield connection

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A read transaction: one snapshot, nothing may be written."""
        with self._told(), self._reading.connect() as connection:
            yield connection

    @contextmanager
    def fenced(self, fence: Callable[[Connection], None]) -> Iterator[None]:
        """While the block runs, each write transaction of this thread asks the fence first; it raises to refuse."""
        token = self._fences.set((*self._fences.get(), fence))
        try:
            yield
        finally:
            self._fences.reset(token)

    def version(self) -> str:
        """Name and version of the database, for people."""
        with self.connect() as connection:
            return self.dialect.version(connection)

    def revision(self) -> str:
        """Name of the last migration that was applied."""
        from store.migrating import revision

        with self.connect() as connection:
            return revision(connection)

    def close(self) -> None:
        """Close all pooled connections."""
        self.engine.dispose()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what the disk, the server or another process does to us into a message for people."""
        try:
            yield
        except DBAPIError as error:
            reason = self.dialect.reason(error)
            if not reason:
                raise  # our own mistakes stay as they are
            raise StoreUnavailableError(f"the database cannot go on: {reason}") from error
        except PoolTimeoutError as error:
            raise StoreUnavailableError("the database cannot go on: too much is asked of it at once") from error


def open_database(url: str) -> Database:
    """Open the database at a SQLAlchemy URL, creating and migrating it as needed.

    Raises:
        StoreError: no address of a database, not reachable, not allowed, or made by a newer Lampway or by one before
            the first release.
    """
    parsed = _address(url)
    dialect = DIALECTS[parsed.get_backend_name()]
    parsed = dialect.address(parsed)
    if parsed.get_backend_name() == "sqlite" and parsed.database and parsed.database != ":memory:":
        try:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"cannot make the folder of the database {parsed.database}: {error.strerror}; "
                "choose another with LAMPWAY_HOME or LAMPWAY_DATABASE_URL"
            ) from error
        # Its owner's only: addresses of people stand in it. SQLite gives its other files the same rights, and tells
        # better what is wrong with the file.
        with suppress(OSError):
            os.close(os.open(parsed.database, os.O_CREAT | os.O_RDONLY, 0o600))
    try:
        # Last in, first out: taken in turn, each connection would find its cache outdated by what the others wrote.
        # Parameters in the text of an error would bring addresses and questions of people into the log.
        engine = create_engine(
            parsed, pool_pre_ping=parsed.get_backend_name() != "sqlite", pool_use_lifo=True, hide_parameters=True
        )
    except ModuleNotFoundError as error:
        raise StoreError(f"{error.name} is missing: pip install 'lampway[postgres]'") from error
    reading = dialect.prepare(engine)
    place = parsed.set(query={}).render_as_string(hide_password=True).replace("+psycopg", "")
    try:
        with engine.connect() as connection:
            unfit = dialect.check(connection)
        if unfit:
            raise StoreError(f"cannot use the database {place}: {unfit}")
        from store.migrating import migrate  # Alembic takes longer to load than all else a command's help needs

        migrate(engine)
    except BaseException as error:
        engine.dispose()
        if isinstance(error, DBAPIError):
            raise StoreError(f"cannot open the database {place}: {dialect.reason(error) or error.orig}") from error
        raise
    return Database(engine, reading)


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
