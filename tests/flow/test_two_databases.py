"""The whole way on both databases: real endpoints, merging, index, update, search; the answers are the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from config.settings import Settings, load_settings
from harvester.fetching import Client
from harvester.harvest import harvest_source
from indexer.engines import open_engine
from indexer.update import update
from lampway import demo as steps
from lampway import demo_city, demo_server
from search_api.context import open_context
from search_api.search import search
from search_api.understand import understand
from store import raw_records, records, works
from store.database import Database, open_database

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
FEEDS = ("cottonopolis", "levant-room", "irwell-libraries", "film-archive")
QUESTIONS = ("kafka", "dickens", "红楼梦", "manchester", "", "novel -kafka", "creator:austen")


@dataclass
class Town:
    """The sample city, in one database."""

    settings: Settings
    database: Database
    statuses: dict[str, str]

    def answers(self) -> list[Any]:
        """What a visitor is told, question by question."""
        found = []
        with closing(open_context(self.settings, clock=lambda: NOW)) as context:
            for question in QUESTIONS:
                params = {"q": [question], "near": [steps.CENTRE], "limit": ["20"], "facets": ["type,language,decade"]}
                answer = msgspec.to_builtins(search(context, understand(context, params, "en")))
                found.append(_without_times(answer))
        return found

    def exported(self) -> list[works.Membership]:
        """The export, in its own order."""
        with self.database.connect() as connection:
            return list(works.memberships(connection))


def _without_times(value: Any) -> Any:
    """When a harvest ran is no part of an answer that two databases could agree on."""
    if isinstance(value, dict):
        return {k: _without_times(v) for k, v in value.items() if k not in ("checked_at", "next", "reason", "age")}
    if isinstance(value, list):
        return [_without_times(item) for item in value]
    return round(value, 4) if isinstance(value, float) else value


@pytest.fixture(scope="module")
def towns(postgresql: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Town]]:
    city = demo_city.build(date(2026, 11, 23))
    made: dict[str, Town] = {}
    urls = {"sqlite": "", "postgresql": postgresql.database()}
    with demo_server.serve(city.repositories, city.files, port=0) as server:
        feeds = [feed for feed in city.sources(server) if feed.id in FEEDS]
        assert len(feeds) == len(FEEDS)
        for name, url in urls.items():
            settings = load_settings(
                home=tmp_path_factory.mktemp(name),
                database_url=url,
                fetch_allow="127.0.0.1",
                fetch_pause=0,
                _env_file=None,
            )
            database = open_database(settings.database)
            steps.import_institutions(database)
            assert steps.harvest(database, feeds, settings)
            steps.index(database, settings)
            client = Client.from_settings(settings)
            again = {feed.id: harvest_source(database, feed, client) for feed in feeds}
            assert {report.new + report.changed + report.deleted for report in again.values()} == {0}
            made[name] = Town(settings, database, {id_: report.status for id_, report in again.items()})
    yield made
    for town in made.values():
        town.database.close()
    postgresql.drop(urls["postgresql"])


def test_the_same_records_make_the_same_works(towns: dict[str, Town]) -> None:
    one, other = towns["sqlite"].exported(), towns["postgresql"].exported()
    assert one == other, "row by row, in the same order"
    assert len(one) > 500
    assert set(towns["postgresql"].statuses.values()) == {"complete"}


def test_the_same_questions_get_the_same_answers(towns: dict[str, Town]) -> None:
    one, other = towns["sqlite"].answers(), towns["postgresql"].answers()
    assert one == other
    assert all(answer["exact"] for answer in other)
    assert sum(bool(answer["hits"]) for answer in other) >= 5


def test_a_changed_record_reaches_the_index_and_the_columns(towns: dict[str, Town]) -> None:
    town = towns["postgresql"]
    with town.database.begin() as connection:
        id_, record = next(records.iterate(connection, deleted=False))[0]
        changed = msgspec.structs.replace(record, title="Zzyzx, a title that nothing else has")
        assert records.upsert(connection, 1, [(id_, changed)]) == 1
    with closing(open_engine(town.settings)) as engine:
        assert update(town.database, engine, town.settings).written >= 1
    with closing(open_context(town.settings, clock=lambda: NOW)) as context:
        answer = search(context, understand(context, {"q": ["zzyzx"]}, "en"))
    assert [hit.title for hit in answer.hits] == [changed.title]
    assert answer.hits[0].holdings_count >= 1


def test_the_commands_work_on_it(towns: dict[str, Town], tmp_path: Path) -> None:
    town = towns["postgresql"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LAMPWAY_")}
    environment |= {"LAMPWAY_HOME": str(town.settings.home), "LAMPWAY_DATABASE_URL": town.settings.database_url}

    def run(*arguments: str) -> str:
        command = [sys.executable, "-m", "lampway", *arguments]
        return subprocess.run(
            command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True
        ).stdout

    findings = {f["name"]: f for f in json.loads(run("doctor", "--json"))["findings"]}
    assert findings["database"]["message"].startswith("PostgreSQL ")
    assert json.loads(run("search", "kafka", "--json"))["hits"]
    assert json.loads(run("harvest", "report", "levant-room", "--json"))["status"] == "complete"


def test_what_was_harvested_is_kept_byte_for_byte(towns: dict[str, Town]) -> None:
    kept = []
    for town in towns.values():
        with town.database.connect() as connection:
            kept.append(
                [(raw.record, raw.payload) for page in raw_records.iterate(connection, 2, "x") for _, raw in page]
            )
    assert kept[0] == kept[1] != []
