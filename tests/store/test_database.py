"""Opening the database: wrong addresses and folders are told by the setting to change, without secrets."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

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
