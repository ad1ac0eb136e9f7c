"""From records to a searchable index: full builds, updates, and what happens when they are cut off."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from config.settings import Settings
from indexer import build as building
from indexer import generations as naming
from indexer.analysis import query_clauses
from indexer.build import rebuild
from indexer.engines import open_engine
from indexer.engines.base import EngineError, SearchEngine
from indexer.update import update
from lampway.cli import app
from schemas.catalogue import CatalogueRecord, Creator, Holding, RawRecord, Source
from schemas.institution import Institution
from schemas.query import EngineQuery, Terms
from store import generations, institutions, raw_records, records, sources, works
from store.columns import Columns
from store.database import Database
from store.leases import LeaseTakenError, held

ISBN = "9780306406157"
EVERYTHING = EngineQuery()


@pytest.fixture
def engine(settings: Settings) -> Iterator[SearchEngine]:
    opened = open_engine(settings)
    yield opened
    opened.close()


@pytest.fixture
def city(database: Database) -> Database:
    """Two libraries, one of them with a branch, and three records of two works."""
    with database.begin() as connection:
        institutions.upsert(
            connection,
            [
                Institution(id="north", name="North Library", kind="library"),
                Institution(id="south", name="South Library", kind="library"),
                Institution(id="south-east", name="East Branch", kind="library", parent="south", aliases=["EB"]),
            ],
        )
    put(
        database,
        "north",
        record("north/1", "The hobbit", isbns=[ISBN], subjects=["Dragons"], languages=["en"]),
        record("north/2", "紅樓夢", creators=[Creator("曹雪芹")], languages=["zh"], year=1791),
    )
    put(
        database,
        "south",
        record("south/7", "Hobbit, or, There and back again", creators=[], isbns=[ISBN],
               holdings=[Holding(branch="EB", call_number="Fic TOL 12"), Holding(branch="EB")]),
    )  # fmt: skip
    return database


def record(name: str, title: str, **given: object) -> CatalogueRecord:
    values: dict[str, object] = {"creators": [Creator("Tolkien, J. R. R.")], "year": 1937, "type": "book"}
    source, _, identifier = name.partition("/")
    return CatalogueRecord(source=source, record=identifier, title=title, **{**values, **given})  # type: ignore[arg-type]


def put(database: Database, institution: str, *rows: CatalogueRecord) -> None:
    with database.begin() as connection:
        for row in rows:
            source = Source(id=row.source, protocol="csv", location="x", format="csv", institution=institution)
            number = sources.add(connection, source)
            raw = RawRecord(source=row.source, record=row.record, payload=repr(row).encode(), deleted=row.deleted)
            outcome = raw_records.store_page(connection, number, 1, [raw])
            changed = [*outcome.new, *outcome.changed, *outcome.deleted]
            records.upsert(connection, number, [(changed[0][0], row)] if changed else [])


def titles(database: Database, engine: SearchEngine, query: str, *filters: Terms) -> list[str]:
    found = engine.snapshot().search_text(EngineQuery(clauses=query_clauses(query), filters=filters), 50)
    with database.connect() as connection:
        return [works.by_numbers(connection, [n])[n].title for n in found.numbers.tolist()]


def test_from_records_to_answers(city: Database, engine: SearchEngine, settings: Settings) -> None:
    stages: list[tuple[str, int, int | None]] = []
    report = rebuild(city, engine, settings, lambda *told: stages.append(told))
    assert (report.works, report.holdings, report.merged.records) == (2, 4, 3)
    assert engine.live() == report.generation
    assert report.generation.startswith(f"s{naming.SCHEMA_VERSION}-")
    assert ("index", 2, 2) in stages
    for query in ("hobbit", "tolkien", "back again", "dragons", "j. r. r. tolkien", "isbn:0-306-40615-2", "1937"):
        assert titles(city, engine, query) == ["The hobbit"], query
    for query in ("红楼梦", "紅樓夢", "曹雪芹"):
        assert titles(city, engine, query) == ["紅樓夢"], query
    assert titles(city, engine, "", Terms(field="identifier", values=("fictol12",))) == ["The hobbit"]
    assert titles(city, engine, "", Terms(field="title_key", values=("hobbit",))) == ["The hobbit"]
    with city.connect() as connection:
        numbers = {i.id: i.number for i in institutions.all_institutions(connection)}
        assert works.pending(connection) == []
    for id_, expected in (("north", 2), ("south-east", 1), ("south", 0)):
        query = EngineQuery(filters=(Terms(field="institution", values=(numbers[id_],)),))
        assert engine.snapshot().count(query) == expected
    both = engine.snapshot().all_matches(EngineQuery(clauses=query_clauses("hobbit")), 5)
    rows, counts = Columns.open(settings.columns_home).rows_of(both)
    assert counts.tolist() == [3]
    assert len(rows) == 3


def test_updates_write_only_what_changed(city: Database, engine: SearchEngine, settings: Settings) -> None:
    first = update(city, engine, settings)
    assert first.rebuilt is not None
    assert "no search index" in first.rebuilt.reason
    nothing = update(city, engine, settings)
    assert (nothing.rebuilt, nothing.written, nothing.deleted) == (None, 0, 0)
    before = engine.snapshot()
    put(city, "north", record("north/2", "紅樓夢", deleted=True), record("north/3", "Emma", creators=[]))
    report = update(city, engine, settings)
    assert (report.rebuilt, report.written, report.deleted) == (None, 1, 1)
    assert report.generation == first.generation == engine.live()
    assert titles(city, engine, "红楼梦") == []
    assert titles(city, engine, "emma") == ["Emma"]
    assert before.count(EngineQuery(clauses=query_clauses("emma"))) == 0
    columns = Columns.open(settings.columns_home)
    assert columns.rows_of(np.array([1, 2, 3], dtype=np.int64))[1].sum() == 4


def test_a_full_build_equals_the_updates_before_it(city: Database, engine: SearchEngine, settings: Settings) -> None:
    update(city, engine, settings)
    put(city, "south", record("south/8", "The hobbit", year=1951), record("south/7", "x", deleted=True))
    update(city, engine, settings)
    query = EngineQuery(clauses=query_clauses("hobbit"))

    def picture() -> tuple[object, ...]:
        view = engine.snapshot()
        facets = {f: view.facet(EVERYTHING, f, 50) for f in ("type", "language", "decade", "institution")}
        return sorted(view.all_matches(query, 9).tolist()), view.count(EVERYTHING), facets

    before = picture()
    assert rebuild(city, engine, settings).works == 2
    assert picture() == before


def test_another_registry_or_schema_builds_anew(
    city: Database, engine: SearchEngine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    update(city, engine, settings)
    with city.begin() as connection:
        institutions.upsert(connection, [Institution(id="south-east", name="East Branch", parent="south")])
        south = institutions.get(connection, "south")
    assert south is not None
    report = update(city, engine, settings)
    assert report.rebuilt is not None
    assert "registry" in report.rebuilt.reason
    query = EngineQuery(filters=(Terms(field="institution", values=(south.number,)),))
    assert engine.snapshot().count(query) == 1  # the branch code EB means nothing any more
    monkeypatch.setattr(naming, "SCHEMA_VERSION", naming.SCHEMA_VERSION + 1)
    rebuilt = update(city, engine, settings).rebuilt
    assert rebuilt is not None
    assert "another version" in rebuilt.reason
    assert update(city, engine, settings).rebuilt is None


def test_an_index_of_another_store_is_not_taken_for_ours(
    city: Database, engine: SearchEngine, settings: Settings
) -> None:
    update(city, engine, settings)
    with city.begin() as connection:
        generations.forget(connection, [engine.live()])
    rebuilt = update(city, engine, settings).rebuilt
    assert rebuilt is not None
    assert "does not belong" in rebuilt.reason


def test_old_generations_go_but_one(city: Database, engine: SearchEngine, settings: Settings) -> None:
    built = [rebuild(city, engine, settings).generation for _ in range(4)]
    assert engine.generations() == sorted(built[-2:])
    with city.connect() as connection:
        rows = {row.name: row.status for row in generations.all_generations(connection, engine.name)}
    assert rows == {built[-1]: "live", built[-2]: "retired"}


@pytest.mark.parametrize("what", ["documents_of", "columns.rebuild", "generation_rows.promoted"])
def test_a_build_that_fails_leaves_the_live_generation(
    city: Database, engine: SearchEngine, settings: Settings, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    live = rebuild(city, engine, settings).generation
    put(city, "north", record("north/3", "Emma", creators=[]))

    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("cut off")

    with monkeypatch.context() as patch:
        owner: Any = building
        *path, name = what.split(".")
        for part in path:
            owner = getattr(owner, part)
        patch.setattr(owner, name, fails)
        with pytest.raises(RuntimeError, match="cut off"):
            rebuild(city, engine, settings)
    assert engine.snapshot().count(EVERYTHING) in (2, 3)
    if what != "generation_rows.promoted":
        assert engine.live() == live
    with city.connect() as connection:
        assert len(works.pending(connection)) == 1
    update(city, engine, settings)
    assert titles(city, engine, "emma") == ["Emma"]
    assert update(city, engine, settings).rebuilt is None
    rebuild(city, engine, settings)
    assert len(engine.generations()) == 2


def test_one_indexer_at_a_time(city: Database, engine: SearchEngine, settings: Settings) -> None:
    with held(city, building.LEASE):
        with pytest.raises(LeaseTakenError):
            rebuild(city, engine, settings)
        with pytest.raises(LeaseTakenError):
            update(city, engine, settings)
    update(city, engine, settings)


def test_a_lost_index_is_told_and_rebuilt(city: Database, engine: SearchEngine, settings: Settings) -> None:
    name = update(city, engine, settings).generation
    for path in (settings.index_home / name).iterdir():
        path.unlink()
    put(city, "north", record("north/3", "Emma", creators=[]))
    with pytest.raises(EngineError, match="lampway index --rebuild"):
        update(city, engine, settings)
    assert rebuild(city, engine, settings).works == 3
    assert titles(city, engine, "emma") == ["Emma"]


def run(settings: Settings, *arguments: str) -> Any:
    return CliRunner().invoke(
        app, list(arguments), env={"LAMPWAY_HOME": str(settings.home), "LAMPWAY_DATABASE_URL": settings.database_url}
    )


def test_the_commands(city: Database, settings: Settings) -> None:
    early = run(settings, "works", "export")
    assert early.exit_code == 3
    assert "not merged yet" in early.stderr
    first = run(settings, "index")
    assert first.exit_code == 0
    assert "there is no search index yet" in first.stdout
    again = json.loads(run(settings, "index", "--json").stdout)
    assert (again["written"], again["deleted"], again["rebuilt"]) == (0, 0, None)
    anew = json.loads(run(settings, "index", "--rebuild", "--json").stdout)
    assert anew["works"] == 2
    lines = run(settings, "works", "export")
    assert lines.exit_code == 0
    rows = [json.loads(line) for line in lines.stdout.splitlines()]
    assert [(r["source"], r["record"], r["institution"]) for r in rows] == [
        ("north", "1", "north"), ("north", "2", "north"), ("south", "7", "south")
    ]  # fmt: skip
    assert rows[0]["work"] == rows[2]["work"] != rows[1]["work"]
    assert set(rows[0]) == {"work", "edition", "source", "record", "institution"}
    target = settings.home / "works.jsonl"
    assert run(settings, "works", "export", str(target)).exit_code == 0
    assert target.read_text() == lines.stdout
    assert run(settings, "works", "export", str(settings.home / "no" / "folder")).exit_code == 1


def test_the_command_fails_with_advice(city: Database, settings: Settings) -> None:
    with held(city, building.LEASE):
        busy = run(settings, "index")
    assert busy.exit_code == 1
    assert "is at it" in busy.stderr
    assert run(settings, "index").exit_code == 0
    (settings.index_home / "live").write_text("../elsewhere")
    lost = run(settings, "index")
    assert lost.exit_code in (0, 1)
    assert "another version" in lost.stdout or "--rebuild" in lost.stderr
