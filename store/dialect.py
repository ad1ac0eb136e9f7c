"""The two databases and what differs between them: one module each, with the functions that ``Dialect`` names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, Select, Table, Update
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from store import postgresql, sqlite

Rows = Sequence[tuple[Any, ...]]


class Dialect(Protocol):
    """What a database must be told, or asked, in its own way."""

    def address(self, url: URL) -> URL:
        """The address with the driver and the parameters that we want."""

    def prepare(self, engine: Engine) -> Engine:
        """Set up all connections. Returns the engine whose transactions read one snapshot and write nothing."""

    def check(self, connection: Connection) -> str:
        """Why this database cannot be used, and what to do; "" = it can."""

    def reason(self, error: DBAPIError) -> str:
        """What went wrong outside of us, and what to do; "" = it is a mistake of ours."""

    def now(self, connection: Connection) -> datetime:
        """This moment by the clock that all who use the database share."""

    def version(self, connection: Connection) -> str:
        """Name and version of the database, for people."""

    def columns(self, connection: Connection) -> dict[str, set[str]]:
        """Names of the columns of all tables, by table."""

    def scalar(self, connection: Connection, statement: Select[Any] | Update, values: dict[str, object]) -> Any:
        """The first column of the first row of a statement that is asked often; None = there is no row."""

    def execute(self, connection: Connection, statement: Select[Any] | Update, values: dict[str, object]) -> None:
        """Run a statement that is run often and gives no rows."""

    def insert(self, connection: Connection, table: Table, columns: Sequence[str], rows: Rows, ignoring: bool) -> None:
        """Insert many rows."""

    def update(self, connection: Connection, table: Table, columns: Sequence[str], key: str, rows: Rows) -> None:
        """Set columns of many rows, each to values of its own."""

    def select_in(
        self,
        connection: Connection,
        table: Table,
        columns: Sequence[str],
        key: str,
        values: Rows,
        equal: dict[str, Any],
    ) -> Iterable[Sequence[Any]]:
        """Rows whose key is among some values."""

    def set_in(
        self, connection: Connection, table: Table, column: str, value: Any, key: str, values: Sequence[Any]
    ) -> None:
        """Give a column of many rows one and the same value."""

    def empty(self, connection: Connection, table: Table) -> None:
        """Delete all rows."""


DIALECTS: dict[str, Dialect] = {"sqlite": sqlite, "postgresql": postgresql}


def of(connection: Connection) -> Dialect:
    """The dialect that a connection speaks."""
    return DIALECTS[connection.dialect.name]
