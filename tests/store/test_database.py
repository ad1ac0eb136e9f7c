"""Opening the database: wrong addresses and folders are told by the setting to change, without secrets."""

from __future__ import annotations

import stat
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, insert, inspect
from sqlalchemy.exc import IntegrityError, OperationalError

from config.settings import Settings
from store import tables
from store.database import StoreError, open_database


@pytest.mark.parametrize(
    "url", ["nonsense", "mysql://me:secret@host/name", "postgresql://me:secret@host:port/name", "sqlite3://x"]
)
def test_a_wrong_address_names_the_setting_and_no_secret(url: str) -> None:
    with pytest.raises(StoreError, match="LAMPWAY_DATABASE_URL is no address") as told:
        open_database(url)
    assert "secret" not in str(told.value)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StoreError, match=r"cannot make the folder .* LAMPWAY_HOME"):
        open_database(f"sqlite:///{tmp_path}/file/home/lampway.db")


def test_a_mistake_of_ours_is_told_as_what_it_is(tmp_path: Path) -> None:
    """A column named like a trouble is none."""
    database = open_database(f"sqlite:///{tmp_path / 'lampway.db'}")
    with pytest.raises(OperationalError, match="no such column: full"), database.connect() as connection:
        connection.exec_driver_sql("SELECT full FROM notes")
    database.close()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("ALTER TABLE raw_records ADD COLUMN dictionary INTEGER NOT NULL DEFAULT 0", "raw_records has a column dictio"),
        ("ALTER TABLE sources DROP COLUMN data", "sources has no column data"),
        ("DROP TABLE decision_records", "there is no table decision_records"),
    ],
)
def test_tables_of_before_the_first_release_are_told_at_the_start(settings: Settings, change: str, told: str) -> None:
    database = open_database(settings.database)
    with database.begin() as connection:
        connection.exec_driver_sql(change)
        connection.exec_driver_sql("CREATE TABLE others (theirs INTEGER)")
    database.close()
    with pytest.raises(StoreError, match=rf"{told}.*choose an empty one with LAMPWAY_HOME"):
        open_database(settings.database)


def test_a_database_that_cannot_be_brought_up_is_left_as_it_was(settings: Settings) -> None:
    database = open_database(settings.database)
    with database.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE sources DROP COLUMN data")
        connection.exec_driver_sql("DROP TABLE passkeys")
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0002'")
    database.close()
    with pytest.raises(StoreError, match="sources has no column data"):
        open_database(settings.database)
    kept = create_engine(settings.database.replace("postgresql:", "postgresql+psycopg:"))
    with kept.connect() as connection:
        assert not inspect(connection).has_table("passkeys")
    kept.dispose()


def test_a_new_file_is_readable_for_its_owner_only_and_errors_tell_no_values(tmp_path: Path) -> None:
    file = tmp_path / "new" / "lampway.db"
    with closing(open_database(f"sqlite:///{file}")) as opened:
        with opened.begin() as connection:
            connection.execute(insert(tables.sources).values(id="ada@mail.example", data=b"{}", added_at=""))
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in file.parent.iterdir()}
        assert modes == dict.fromkeys(("lampway.db", "lampway.db-wal", "lampway.db-shm"), 0o600)
        with pytest.raises(IntegrityError) as caught, opened.begin() as connection:
            connection.execute(insert(tables.sources).values(id="ada@mail.example", data=b"{}", added_at=""))
    assert "ada@mail.example" not in str(caught.value)
