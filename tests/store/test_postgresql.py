"""PostgreSQL as operators meet it: what is wrong is told in words, and a restart of the server is survived."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import inspect, text

from config.settings import Settings
from store import notes
from store.database import Database, StoreError, open_database


@pytest.fixture
def own_server(postgresql: Any) -> Any:
    """A server that may be stopped."""
    if not hasattr(postgresql, "halt"):
        pytest.skip("the server that LAMPWAY_TEST_DATABASE_URL names is not ours to stop")
    return postgresql


@pytest.fixture
def stranger(postgresql: Any) -> Iterator[dict[str, str]]:
    """A user of the server who owns nothing."""
    postgresql.run("CREATE USER stranger PASSWORD 'known'")
    yield {"username": "stranger", "password": "known"}
    postgresql.run("DROP USER stranger")


def told(url: str) -> str:
    with pytest.raises(StoreError) as error:
        open_database(url)
    assert "secret" not in str(error.value)
    return str(error.value)


def test_a_server_that_is_not_there(postgresql_url: str) -> None:
    assert "cannot be reached; check host and port" in told("postgresql://me:secret@127.0.0.1:1/name")
    assert "cannot be reached; check host and port" in told("postgresql://me:secret@no.such.host.invalid/name")


def test_a_wrong_password(postgresql: Any) -> None:
    assert "refuses this user or password" in told(postgresql.address("postgres", password="wrong"))
    assert "refuses this user or password" in told(postgresql.address("postgres", username="nobody"))


def test_no_such_database(postgresql: Any) -> None:
    assert "no such database; make it: createdb" in told(postgresql.address("missing"))


def test_a_user_without_rights(postgresql: Any, stranger: dict[str, str]) -> None:
    name = postgresql.create()
    try:
        assert "ALTER DATABASE name OWNER TO" in told(postgresql.address(name, **stranger))
        postgresql.run(f"ALTER DATABASE {name} OWNER TO stranger")
        open_database(postgresql.address(name, **stranger)).close()
    finally:
        postgresql.drop(postgresql.address(name))


def test_an_encoding_that_cannot_hold_everything(postgresql: Any) -> None:
    name = postgresql.create("TEMPLATE template0 ENCODING LATIN1 LOCALE 'C' LOCALE_PROVIDER libc")
    try:
        assert "its encoding is LATIN1" in told(postgresql.address(name))
    finally:
        postgresql.drop(postgresql.address(name))


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "psycopg"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    assert "pip install 'lampway[postgres]'" in told("postgresql://me:secret@127.0.0.1/name")


def test_a_newer_lampway_s_database_is_left_alone(postgresql: Any, postgresql_url: str) -> None:
    postgresql.run("UPDATE alembic_version SET version_num = '9999'", database=postgresql_url.rpartition("/")[2])
    assert "made by a newer Lampway (revision 9999)" in told(postgresql_url)


def test_work_goes_on_after_the_server_was_restarted(own_server: Any, postgresql_url: str) -> None:
    database = open_database(postgresql_url)
    with database.begin() as connection:
        notes.put(connection, "kept", b"1")
    with pytest.raises(StoreError, match="what was committed is safe"):
        _write_while(database, own_server.halt)
    try:
        with pytest.raises(StoreError, match="cannot be reached"), database.connect() as connection:
            notes.get(connection, "kept")
    finally:
        own_server.start()
    with database.connect() as connection:
        assert notes.get(connection, "kept") == b"1"
    with database.begin() as connection:
        notes.put(connection, "kept", b"4")
    database.close()


def _write_while(database: Database, happens: Callable[[], None]) -> None:
    with database.begin() as connection:
        notes.put(connection, "kept", b"2")
        happens()
        notes.put(connection, "kept", b"3")


def test_a_cut_connection_costs_one_transaction(postgresql: Any, postgresql_url: str) -> None:
    database = open_database(postgresql_url)
    with database.connect() as connection:
        notes.get(connection, "x")
    postgresql.run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        f"WHERE datname = '{postgresql_url.rpartition('/')[2]}' AND pid <> pg_backend_pid()"
    )
    with database.begin() as connection:  # the pool notices
        notes.put(connection, "x", b"y")
    database.close()


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
def test_readers_cannot_write(database: Database) -> None:
    with pytest.raises(Exception, match="read-only"), database.connect() as connection:
        notes.put(connection, "x", b"y")


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
def test_all_text_is_compared_by_code_points(database: Database) -> None:
    with database.connect() as connection:
        others = connection.execute(
            text(
                "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' "
                "AND data_type IN ('text', 'character varying') AND collation_name IS DISTINCT FROM 'C' "
                "AND table_name <> 'alembic_version'"
            )
        ).all()
    assert others == []


def test_the_migrations_make_the_tables_that_the_code_knows(database: Database, settings: Settings) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from store.tables import metadata

    with database.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
        assert "works" in inspect(connection).get_table_names()
    assert differences == []
    assert (database.revision() or "") >= "0001"
    assert database.version().split()[0] in ("SQLite", "PostgreSQL")
