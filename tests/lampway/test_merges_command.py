"""``lampway merges`` as a cataloguer uses it, with the exit statuses that scripts rely on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import Result
from typer.testing import CliRunner

from indexer.merging.merge import merge_pending
from lampway.cli import app
from schemas.catalogue import CatalogueRecord, Creator, RawRecord, Source
from schemas.decisions import RecordRef
from store import decisions, raw_records, records, sources
from store.database import Connection, Database

Run = Callable[..., Result]
PRINTED: dict[str, Any] = {"publisher": "Unwin", "extent": "310 pages"}
BOOKS = {
    "city/1": ("Emma", {"year": 1815, "description": "A heroine whom no one but myself will much like."}),
    "port/1/a": ("Emma", {"year": 1815, "publisher": "Murray", "isbns": ["9780141439587"]}),
    "port/2": ("Kim", {"year": 1901}),
    "city/a": ("The history of hobits", {"isbns": ["9780306406157"], **PRINTED}),
    "city/m": ("The history of hobbits", PRINTED),
    "city/b": ("The history of hobbitts", {"isbns": ["9780141439518"], **PRINTED}),
}


@pytest.fixture
def run(database: Database, settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    with database.begin() as connection:
        numbers = {
            name: sources.add(connection, Source(id=name, protocol="csv", location="x.csv", format="csv"))
            for name in ("city", "port")
        }
        for name, (title, more) in BOOKS.items():
            source, _, record = name.partition("/")
            values = {"year": 1937, "type": "book", "creators": [Creator("Austen, Jane")], **more}
            row = CatalogueRecord(source=source, record=record, title=title, **values)
            raw = RawRecord(source=source, record=record, payload=msgspec.json.encode(row))
            [(id_, _)] = raw_records.store_page(connection, numbers[source], 1, [raw]).new
            records.upsert(connection, numbers[source], [(id_, row)])
    merge_pending(database)
    monkeypatch.setenv("LAMPWAY_HOME", str(settings.home))
    if settings.database_url:
        monkeypatch.setenv("LAMPWAY_DATABASE_URL", settings.database_url)
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, ["merges", *arguments])


def told_rows(connection: Connection, source: str, record: str) -> list[int]:
    return list(decisions.rows_of(connection, [RecordRef(source=source, record=record)]).values())


def told(run: Run, *arguments: str) -> Any:
    shown = run(*arguments, "--json")
    assert shown.exit_code == 0, shown.output
    return json.loads(shown.stdout)


def test_explain_tells_what_links_records_and_who_says_what(run: Run) -> None:
    shown = run("explain", "city/1", "port/1/a")
    assert shown.exit_code == 0
    for words in ("The same short title", "A creator in common", "port/1/a", "Publisher: Murray  <- port/1/a"):
        assert words in shown.stdout
    work = told(run, "explain", "city/1")["work"]
    assert [r["record"] for r in told(run, "explain", work)["records"]] == ["1", "1/a"]
    assert "Publisher: Murray  <- port/1/a" in run("explain", "city/1").stdout
    assert run("explain", "port/1").exit_code == 2
    assert "works export" in run("explain", "nothing").stderr


def test_decide_undo_and_look_back(run: Run) -> None:
    before = told(run, "explain", "city/1")["work"]
    made = told(run, "split", "port/1/a", "--level", "work", "--reason", "the film", "--author", "Ann")
    assert made["applied"]
    assert made["decision"]["others"] == [{"source": "city", "record": "1"}]
    assert len(made["works"]) == 2
    [apart] = told(run, "explain", "city/1", "port/1/a")["apart"]
    assert apart["why"] == "decision"
    joined = run("join", "city/1", "port/1/a", "--author", "Ben")
    assert f"it overrules decision {made['decision']['id']}" in joined.stdout
    assert told(run, "explain", "port/1/a")["work"] == before
    assert run("undo", str(made["decision"]["id"]), "--author", "Cy").exit_code == 0
    assert run("undo", str(made["decision"]["id"])).exit_code == 2
    listed = run("list").stdout.splitlines()
    assert len(listed) == 2
    assert "joined" in listed[0]
    assert all(word in listed[1] for word in ("split off", "Ann", "the film", "undone", "Cy"))
    assert told(run, "list", "port/2") == []
    assert run("never", "city/1", before).exit_code == 2
    assert run("join", "city/1", "port/2", "--level", "page").exit_code == 2


def test_a_record_alone_is_explained_with_all_of_its_work(run: Run) -> None:
    assert told(run, "explain", "city/1")["records"] == told(run, "explain", "city/1", "port/1/a")["records"]
    assert "(1 record)" in run("explain", "port/2").stdout


def test_decisions_about_records_that_were_renamed_are_told(run: Run, database: Database) -> None:
    assert run("join", "port/2", "city/m").exit_code == 0
    assert "gone" not in run("list").output
    with database.begin() as connection:
        raw_records.store_page(
            connection,
            sources.number_of(connection, "port"),
            2,
            [RawRecord(source="port", record="2", payload=b"", deleted=True)],
        )
        [(id_, record)] = records.by_ids(connection, told_rows(connection, "port", "2")).items()
        records.upsert(
            connection, sources.number_of(connection, "port"), [(id_, msgspec.structs.replace(record, deleted=True))]
        )
    assert "port/2 (decision 1) is gone" in run("list").output
    assert run("undo", "1").exit_code == 0
    assert "gone" not in run("list").output


def test_what_chains_contradictions_is_shown_to_people(run: Run) -> None:
    shown = run("suspicious", "--json")
    assert shown.exit_code == 3
    found = json.loads(shown.stdout)
    assert found["total"] == 2
    assert {pair["why"] for pair in found["pairs"]} == {"isbns"}
    told(run, "join", "city/m", "city/a")
    told(run, "never", "city/b", "city/m")
    assert told(run, "suspicious")["total"] == 0


def test_preferred_sources_go_first_in_descriptions(run: Run, database: Database) -> None:
    work = told(run, "explain", "city/1")["work"]

    def first(*wanted: str) -> list[str]:
        merge_pending(database)
        found = {one["field"]: one for one in told(run, "explain", work)["provenance"]}
        return [found[field]["records"][0]["source"] for field in wanted]

    assert run("prefer", "nowhere").exit_code == 2
    assert run("prefer", "port", "city").stdout.split() == ["port", "city"]
    assert first("title", "publisher", "description") == ["port", "port", "city"]
    assert run("prefer", "city").exit_code == 0
    assert first("title", "publisher") == ["city", "port"]
    assert "No source" in run("prefer", "--nobody").stdout
