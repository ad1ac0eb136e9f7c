"""Brings the tables up to date. Alembic's home."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from store.database import StoreError
from store.fitting import misfit


def migrate(engine: Engine) -> None:
    """Make the tables, or bring them to the newest revision; one process does, others wait.

    Raises:
        StoreError: they are of a newer Lampway, or of one before the first release.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    head = ScriptDirectory.from_config(config).get_current_head()
    with engine.connect() as connection:
        if MigrationContext.configure(connection).get_current_revision() == head:
            _check_tables(connection)
            return
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    with engine.connect().execution_options(lampway_write=True) as connection, connection.begin():
        # Looked at again under the lock of writers: another process may have brought it up to date meanwhile.
        current = MigrationContext.configure(connection).get_current_revision()
        if current is not None and current not in known:
            raise StoreError(
                f"the database was made by a newer Lampway (revision {current}): upgrade, or use another home"
            )
        if current != head:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        _check_tables(connection)


def revision(connection: Connection) -> str:
    """Name of the last migration that was applied; "" before the first."""
    return MigrationContext.configure(connection).get_current_revision() or ""


def _check_tables(connection: Connection) -> None:
    if found := misfit(connection):
        raise StoreError(
            f"the database was made by a Lampway before its first release, whose tables were others ({found}); there "
            "is no way up from there: choose an empty one with LAMPWAY_HOME or LAMPWAY_DATABASE_URL and harvest anew"
        )
