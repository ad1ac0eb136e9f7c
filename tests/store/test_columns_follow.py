"""Columns on a machine that does not index: the same holdings as the indexer's, in a folder of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
import pytest

from config.settings import Settings
from schemas.catalogue import Availability, CatalogueRecord, Holding
from schemas.institution import Institution
from store import columns, columns_follow, institutions, work_changes, works
from store.columns import Columns
from store.columns_follow import Follower
from store.database import Database
from store.packed_state import codes_of

LIB = Institution(id="lib", name="Library", kind="library", lat=1.0, lon=2.0)


def holdings(read: Columns) -> int:
    return int(read.rows_of(np.arange(1, 200))[1].sum())


def row(name: str) -> CatalogueRecord:
    states = [Availability(service="loan", state="available", checked_at=datetime(2026, 1, 1, tzinfo=UTC))]
    return CatalogueRecord(
        source="shelf", record=name, title=name, holdings=[Holding(call_number=name, availability=states)]
    )


@pytest.fixture
def indexed(stock: Callable[..., None], database: Database, settings: Settings) -> Database:
    stock([LIB], [row(f"r{n}") for n in range(1, 6)])
    columns_follow.keep(database, settings.columns_home)
    columns.rebuild(database, settings.columns_home)
    return database


def test_the_indexers_own_folder_is_left_alone(indexed: Database, settings: Settings) -> None:
    assert not Follower(indexed, settings.columns_home).follow()


def test_another_folder_follows_change_by_change(indexed: Database, stock: Callable[..., None], tmp_path: Path) -> None:
    away = tmp_path / "away"
    follower = Follower(indexed, away)
    assert follower.follow()
    read = Columns.open(away, indexed)
    assert holdings(read) == 5
    assert not follower.follow()
    base = (away / "current.json").read_text()
    stock([LIB], [row(f"s{n}") for n in range(3)], source="other")
    assert follower.follow()
    read.refresh()
    assert holdings(read) == 8
    assert '"base":"base-1"' in base
    assert '"base":"base-1"' in (away / "current.json").read_text()  # only what changed was derived
    with indexed.begin() as connection:
        works.retire(connection, [(1, "")])
        connection.exec_driver_sql("update records set work = 0 where work = 1")
    follower.follow()
    read.refresh()
    assert holdings(read) == 7


def test_a_folder_that_is_too_far_behind_is_derived_anew(
    indexed: Database, stock: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = tmp_path / "away"
    follower = Follower(indexed, away)
    follower.follow()
    stock([LIB], [row(f"s{n}") for n in range(20)], source="other")
    monkeypatch.setattr(work_changes, "KEPT", 5)
    with indexed.begin() as connection:
        works.clear_pending(connection)
    with indexed.connect() as connection:
        assert work_changes.since(connection, 5) is None
    follower.follow()
    assert holdings(Columns.open(away, indexed)) == 25


def test_a_server_elsewhere_sees_a_change_within_a_second(
    indexed: Database, stock: Callable[..., None], settings: Settings, tmp_path: Path
) -> None:
    """A process with a folder of its own, on the same database, that only keeps watch as `lampway serve` does."""
    code = """
import sys, time
import msgspec
import numpy as np
from config.settings import load_settings
from search_api.context import open_context
context = open_context(load_settings(home=sys.argv[1], database_url=sys.argv[2], _env_file=None))
context.watch()
count = lambda: int(context.columns().rows_of(np.arange(1, 200))[1].sum())
print(count(), flush=True)
sys.stdin.readline()
began = time.monotonic()
while count() < 8 and time.monotonic() - began < 20:
    time.sleep(0.01)
print(count(), flush=True)
context.close()
"""
    command = [sys.executable, "-c", code, str(tmp_path / "away"), settings.database]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin
        assert server.stdout
        assert server.stdout.readline().strip() == "5"
        stock([LIB], [row(f"s{n}") for n in range(3)], source="other")
        server.stdin.write("\n")
        server.stdin.flush()
        assert server.stdout.readline().strip() == "8"
    assert server.returncode == 0


def test_other_declared_services_count_without_the_indexer(
    indexed: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the works of that institution are derived again, in the indexer's own folder too."""
    follower, read = Follower(indexed, settings.columns_home), Columns.open(settings.columns_home, indexed)
    every = np.arange(1, 6)
    assert codes_of(read.view.state(read.rows_of(every)[0]), "loan").all()
    assert not follower.follow()
    with indexed.begin() as connection:
        institutions.upsert(connection, [msgspec.structs.replace(LIB, services=["on_site"])])
    monkeypatch.setattr(columns, "_rebuild", None)
    assert follower.follow()
    assert not follower.follow()
    read.refresh()
    assert not codes_of(read.view.state(read.rows_of(every)[0]), "loan").any()
    with indexed.begin() as connection:
        institutions.upsert(connection, [msgspec.structs.replace(LIB, services=["on_site"], name="Other")])
    assert not follower.follow(), "whose copies these are is for the indexer to say"
