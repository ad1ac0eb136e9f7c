"""What is compressed with dictionaries comes back byte for byte, whatever happened in between."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, func, select

from schemas.catalogue import CatalogueRecord, RawRecord, Source
from store import dictionaries, harvest_runs, raw_records, records, sources
from store.database import Database
from store.tables import dictionaries as table
from store.tables import raw_records as raw_table


def page(source: str, start: int, count: int) -> list[RawRecord]:
    return [
        RawRecord(
            source=source,
            record=f"r{number}",
            payload=f"<record><title>The {number}th volume of what is alike</title>{number}</record>".encode(),
        )
        for number in range(start, start + count)
    ]


def normalised(raw: RawRecord) -> CatalogueRecord:
    return CatalogueRecord(source=raw.source, record=raw.record, title=f"The volume of everything, {raw.record}")


def keep(database: Database, source: str, number: int, pages: list[list[RawRecord]]) -> list[int]:
    """Stores pages as a harvest does; returns how many normalised records were new or different."""
    with database.begin() as connection:
        run = harvest_runs.start(connection, number)
    changed = []
    for raws in pages:
        with database.begin() as connection:
            outcome = raw_records.store_page(connection, number, run, raws)
            done = [(id_, normalised(raw)) for id_, raw in (*outcome.new, *outcome.changed)]
            changed.append(records.upsert(connection, number, done))
    return changed


def add(database: Database, source: str) -> int:
    with database.begin() as connection:
        return sources.add(connection, Source(id=source, protocol="oai", location="x", format="oai_dc"))


def check(database: Database, source: str, number: int, expected: list[RawRecord]) -> None:
    with database.connect() as connection:
        raws = {r.record: r.payload for batch in raw_records.iterate(connection, number, source) for _, r in batch}
        read = {r.record: r for batch in records.iterate(connection, source=number) for _, r in batch}
    assert raws == {raw.record: raw.payload for raw in expected}
    assert read == {raw.record: normalised(raw) for raw in expected}


def trained(database: Database) -> int:
    with database.connect() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


def test_everything_comes_back(database: Database) -> None:
    number = add(database, "a")
    pages = [page("a", 0, 5), page("a", 5, 200), page("a", 205, 3)]
    assert keep(database, "a", number, pages) == [5, 200, 3]
    assert trained(database) == 2  # of the raw records and of the normalised ones
    check(database, "a", number, [raw for one in pages for raw in one])


def test_a_dictionary_makes_nothing_different(database: Database) -> None:
    number = add(database, "a")
    keep(database, "a", number, [page("a", 0, 5), page("a", 5, 200)])
    with database.begin() as connection:
        done = [(id_, normalised(raw)) for id_, raw in raw_records.after(connection, number, "a", 0, 300)]
        assert records.upsert(connection, number, done) == 0  # the first five were compressed without it


def test_a_page_that_is_rolled_back_takes_its_dictionary_along(database: Database) -> None:
    number = add(database, "a")
    with pytest.raises(RuntimeError), database.begin() as connection:  # noqa: PT012
        raw_records.store_page(connection, number, 1, page("a", 0, 200))
        raise RuntimeError
    assert trained(database) == 0
    keep(database, "a", number, [page("a", 0, 100)])
    check(database, "a", number, page("a", 0, 100))


def test_sources_with_the_same_records(database: Database) -> None:
    numbers = {source: add(database, source) for source in ("a", "b")}
    for source, number in numbers.items():
        keep(database, source, number, [page(source, 0, 100)])
    with database.begin() as connection:
        sources.remove(connection, "a")
    check(database, "b", numbers["b"], page("b", 0, 100))


def test_a_lost_dictionary_is_told(database: Database) -> None:
    number = add(database, "a")
    keep(database, "a", number, [page("lost", 0, 150)])
    with database.begin() as connection:
        connection.execute(delete(table))
    dictionaries._ready.decompressors.clear()
    with database.connect() as connection, pytest.raises(dictionaries.UnknownDictionaryError, match="restore"):
        raw_records.by_ids(connection, "a", list(connection.scalars(select(raw_table.c.id))))
