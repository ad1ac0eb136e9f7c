"""The audit of the index against the store, on each engine, with the damage that really happens."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from config.settings import Settings
from indexer.build import rebuild
from indexer.documents import documents_of
from indexer.engines import ENGINES, open_engine
from indexer.engines.base import SearchEngine
from indexer.update import update
from indexer.verify import verify
from lampway.cli import app
from schemas.catalogue import CatalogueRecord
from schemas.institution import Institution
from store import sources, works
from store.database import Database, open_database
from store.institutions import Resolver, all_institutions


@pytest.fixture(params=list(ENGINES))
def settings(request: pytest.FixtureRequest, engine_settings: Callable[..., Settings], tmp_path: Path) -> Settings:
    return engine_settings(request.param, tmp_path / "home")


@pytest.fixture
def engine(settings: Settings, database: Database, stock: Callable[..., None]) -> Iterator[SearchEngine]:
    """With an index of 30 works."""
    rows = [CatalogueRecord(source="shelf", record=f"r{n}", title=f"Title {n}", year=1900 + n) for n in range(1, 31)]
    stock([Institution(id="lib", name="Library", kind="library", lat=1.0, lon=2.0)], rows)
    opened = open_engine(settings)
    rebuild(database, opened, settings)
    yield opened
    opened.close()


@pytest.fixture
def numbers(database: Database, engine: SearchEngine) -> list[int]:
    """Of the works in the index."""
    with database.connect() as connection:
        return sorted(works.living_numbers(connection))


def change(database: Database, number: int, **fields: object) -> None:
    """Change a work as the merge would."""
    with database.begin() as connection:
        work = works.by_numbers(connection, [number])[number]
        works.replace(connection, [msgspec.structs.replace(work, **fields)])


def test_a_sound_index_shows_no_differences(database: Database, engine: SearchEngine, settings: Settings) -> None:
    found = verify(database, engine, settings, sample=None)
    assert not found.any
    assert (found.stored, found.indexed, found.compared, found.waiting) == (30, 30, 30, 0)
    assert verify(database, engine, settings, sample=7).compared == 7


def test_missing_surplus_and_differing_works_are_found_and_mended(
    database: Database, engine: SearchEngine, settings: Settings, numbers: list[int]
) -> None:
    with database.connect() as connection:
        own = works.by_numbers(connection, numbers[4:5])
        (five,) = documents_of(connection, list(own.values()), Resolver(all_institutions(connection)))
    stray = msgspec.structs.replace(five, number=999)
    false = msgspec.structs.replace(five, year=1066, fingerprint="0" * 20)
    engine.write([stray, false], numbers[6:8])
    found = verify(database, engine, settings, sample=None)
    assert (found.missing, found.surplus, found.differing) == (2, 1, 1)
    assert found.examples == [numbers[4], *numbers[6:8], 999]
    mended = verify(database, engine, settings, repair=True)
    assert (mended.any, mended.repaired, mended.indexed) == (False, 4, 30)


def test_what_waits_is_no_difference(
    database: Database, engine: SearchEngine, settings: Settings, numbers: list[int]
) -> None:
    change(database, numbers[2], title="Another title")
    found = verify(database, engine, settings, sample=None)
    assert (found.any, found.waiting, found.compared) == (False, 1, 29)
    update(database, engine, settings)
    assert not verify(database, engine, settings, sample=None).any


def test_a_content_that_changed_without_a_word_is_seen(
    database: Database, engine: SearchEngine, settings: Settings, numbers: list[int]
) -> None:
    change(database, numbers[2], subjects=["a subject that the index never heard of"])
    with database.begin() as connection:
        works.clear_pending(connection)
    assert verify(database, engine, settings, sample=None).differing == 1
    assert not verify(database, engine, settings, repair=True).any


def test_a_source_removed_while_works_are_written_leaves_no_ghosts(
    database: Database, engine: SearchEngine, settings: Settings, numbers: list[int]
) -> None:
    """The removal puts works in the outbox that the indexer, which has read them before, is about to clear."""
    with database.begin() as connection:
        sources.remove(connection, "shelf")
    with database.begin() as connection:
        works.clear_pending(connection, numbers)
    update(database, engine, settings)
    found = verify(database, engine, settings, sample=None)
    assert (found.any, found.stored, found.indexed) == (False, 0, 0)


def test_the_command_tells_programs_and_people(
    database: Database,
    engine: SearchEngine,
    settings: Settings,
    numbers: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("home", "engine", "elasticsearch_prefix"):
        monkeypatch.setenv(f"LAMPWAY_{name.upper()}", str(getattr(settings, name)))
    monkeypatch.setenv("LAMPWAY_ELASTICSEARCH_URL", " ".join(settings.elasticsearch_url))
    engine.write([], numbers[:1])

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(app, ["index", "verify", *arguments])

    told = run("--json")
    assert (told.exit_code, json.loads(told.stdout)["missing"]) == (3, 1)
    assert "1 missing" in run().stdout
    assert run("--repair").exit_code == 0
    assert run().exit_code == 0


def test_an_index_of_another_store_is_built_anew(
    database: Database, engine: SearchEngine, settings: Settings, tmp_path: Path
) -> None:
    other = open_database(f"sqlite:///{tmp_path / 'other.db'}")
    try:
        found = verify(other, engine, settings)
        assert "does not belong" in found.stale
        assert not verify(other, engine, settings, repair=True).any
    finally:
        other.close()
