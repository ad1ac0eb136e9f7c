"""``lampway demo`` as a visitor runs it."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from lampway.demo_city import FEEDS
from schemas.catalogue import CatalogueRecord, Source
from store import harvest_runs, institutions, records, sources, works
from store.database import Database, open_database

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(scope="module")
def store(demo: Any) -> Iterator[Database]:
    database = open_database(f"sqlite:///{demo.home}/lampway.db")
    yield database
    database.close()


def live_records(database: Database) -> dict[tuple[str, str], CatalogueRecord]:
    with database.connect() as connection:
        return {
            (record.source, record.record): record
            for batch in records.iterate(connection, deleted=False)
            for _, record in batch
        }


def memberships(database: Database) -> dict[tuple[str, str], works.Membership]:
    with database.connect() as connection:
        return {(row.source, row.record): row for row in works.memberships(connection)}


def test_it_ends_with_a_ranked_sample_search(demo: Any) -> None:
    assert demo.status == 0, demo.err
    hits = re.findall(r"^\d+\. .*Kafka.*\n +(.+)$", demo.out, re.MULTILINE)
    assert len(hits) == 5
    assert all(re.search(r"\d\.\d km \((?:\d h )?\d+ min on foot\)", place) for place in hits)
    assert "Harvest of cottonopolis (oai, marcxml)" in demo.err


def test_it_touches_nothing_of_the_user_s_own(demo: Any) -> None:
    assert demo.status == 0
    assert list(demo.workplace.iterdir()) == []


def test_every_source_came_complete_and_nothing_was_lost(store: Database) -> None:
    with store.connect() as connection:
        reports = {feed.source: harvest_runs.report(connection, feed.source) for feed in FEEDS}
        counts = records.count_by_source(connection)
        assert len(institutions.all_institutions(connection)) >= 14
    assert {source: report.status for source, report in reports.items() if report} == dict.fromkeys(reports, "complete")
    assert all(report and report.quarantined == 0 for report in reports.values())
    assert sum(counts.values()) >= 2_500
    assert min(counts[feed.source] for feed in FEEDS) > 0


def test_every_copy_has_a_place_and_every_status_is_understood(store: Database) -> None:
    with store.connect() as connection:
        resolver = institutions.Resolver(institutions.all_institutions(connection))
        owners = {source.id: source.institution for source in sources.all_sources(connection)}
    for record in live_records(store).values():
        for holding in record.holdings:
            assert resolver.resolve(owners[record.source], holding.institution, holding.branch), holding
            if holding.branch:
                assert resolver.resolve("", "", holding.branch), f"{holding.branch} is no institution of the registry"
            assert holding.availability, holding.status


def test_the_same_edition_is_one_wherever_it_stands(store: Database) -> None:
    member = memberships(store)
    editions: dict[str, set[str]] = defaultdict(set)
    descriptions: dict[str, int] = defaultdict(int)
    for key, record in live_records(store).items():
        for number in record.isbns:
            editions[number].add(member[key].edition)
            descriptions[number] += 1
    assert sum(count > 1 for count in descriptions.values()) > 400
    assert {number: found for number, found in editions.items() if len(found) > 1} == {}


def test_what_exists_once_merges_with_nothing(store: Database) -> None:
    member = memberships(store)
    unique = [key for key, record in live_records(store).items() if record.unique]
    assert len(unique) > 700
    assert len({member[key].work for key in unique}) == len(unique)


def test_volumes_of_a_set_stay_apart(store: Database) -> None:
    member = memberships(store)
    parts: dict[str, set[str]] = defaultdict(set)
    for key, record in live_records(store).items():
        if record.part:
            parts[member[key].edition].add(record.part)
    assert len(parts) > 20
    assert {edition: found for edition, found in parts.items() if len(found) > 1} == {}


def test_again_changes_nothing(demo: Any, store: Database, start: Start) -> None:
    before = memberships(store)
    again = start(demo.workplace, "demo", "--no-serve", "--home", str(demo.home))
    out, err = again.communicate(timeout=200)
    assert again.returncode == 0, err
    assert "Kafka" in out
    with store.connect() as connection:
        reports = [harvest_runs.report(connection, feed.source) for feed in FEEDS]
    assert [(report.status, report.new, report.deleted) for report in reports if report] == [("complete", 0, 0)] * 12
    assert memberships(store) == before


def test_other_data_is_refused(tmp_path: Path, start: Start) -> None:
    database = open_database(f"sqlite:///{tmp_path}/lampway.db")
    with database.begin() as connection:
        sources.add(connection, Source(id="mine", protocol="csv", location="mine.csv", format="csv"))
    refused = start(tmp_path, "demo", "--no-serve", "--home", str(tmp_path))
    out, err = refused.communicate(timeout=100)
    assert (refused.returncode, out) == (1, "")
    assert "other data than the demo's (source mine)" in err
    assert "--home" in err
    with database.connect() as connection:
        assert [source.id for source in sources.all_sources(connection)] == ["mine"]
        assert institutions.all_institutions(connection) == []
    database.close()


def test_a_taken_port_is_told_before_any_work(tmp_path: Path, start: Start) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = start(tmp_path, "demo", "--port", str(port))
        _, err = refused.communicate(timeout=100)
    assert refused.returncode == 1
    assert f"port {port} of 127.0.0.1 is taken" in err
    assert "--port" in err
    assert list(tmp_path.iterdir()) == []


def test_it_serves_what_it_says_and_ends_with_ctrl_c(demo: Any, start: Start) -> None:
    running = start(demo.workplace, "demo", "--port", "0", "--home", str(demo.home))
    try:
        assert running.stdout
        assert running.stderr
        urls = []
        for line in running.stdout:
            if match := re.match(r" +(http://127\.0\.0\.1:\d+/\S+)$", line):
                urls.append(match[1])
            if len(urls) == 3:
                break
        for line in running.stderr:
            if line.startswith("Lampway on"):
                break
        answers = [requests.get(url, timeout=20) for url in urls]
        assert [answer.status_code for answer in answers] == [200, 200, 200]
        assert "紅樓夢" in answers[0].text
        assert "Minute book" in answers[1].text
        assert all("Dickens" in str(hit["creators"]) for hit in answers[2].json()["hits"])
    finally:
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=30)
    assert running.returncode == 0, err
    assert "Traceback" not in err
