"""Statements run by the driver itself obey the transaction and tell errors like all others."""

from __future__ import annotations

import pytest
from sqlalchemy import bindparam, func, select, update
from sqlalchemy.exc import IntegrityError

from schemas.catalogue import Source
from store import bulk, prepared, sources
from store.database import Database
from store.tables import sources as table

COUNT = select(func.count()).select_from(table)
NUMBER = select(table.c.number).where(table.c.id == bindparam("called")).limit(1)
MOVE = update(table).where(table.c.number == bindparam("own")).values(number=bindparam("other"))


def put(database: Database, *names: str) -> None:
    with database.begin() as connection:
        for name in names:
            sources.add(connection, Source(id=name, protocol="oai", location="http://x.org/", format="oai_dc"))


def test_values_find_their_parameters_and_no_row_is_none(database: Database) -> None:
    put(database, "one", "two")
    with database.connect() as connection:
        assert prepared.scalar(connection, COUNT) == 2
        assert prepared.scalar(connection, NUMBER, called="two") == sources.number_of(connection, "two")
        assert prepared.scalar(connection, NUMBER, called="three") is None


def test_a_reader_that_begins_with_one_sees_one_snapshot(database: Database) -> None:
    put(database, "one")
    with database.connect() as connection:
        assert prepared.scalar(connection, COUNT) == 1
        put(database, "two")
        assert prepared.scalar(connection, COUNT) == 1
        assert [row[0] for row in bulk.select_in(connection, table, ("id",), "id", ["one", "two"])] == ["one"]


def test_what_fails_is_told_like_by_sqlalchemy_and_undone_with_the_rest(database: Database) -> None:
    put(database, "one", "two")

    def give_both_one_number() -> None:
        with database.begin() as connection:
            for name in ("one", "two"):
                prepared.execute(connection, MOVE, own=sources.number_of(connection, name), other=100)

    with pytest.raises(IntegrityError):
        give_both_one_number()
    with database.connect() as connection:
        assert prepared.scalar(connection, NUMBER, called="one") != 100
