"""kill -9 in the middle of what changes a registration: the state is a valid one, with its lines in the audit."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from config.settings import Settings, load_settings
from harvester.fetching import Client
from harvester.harvest import harvest_source
from lampway.housekeeping import Housekeeping
from lampway.outside import Harvester
from schemas.account import Act
from schemas.institution import Institution
from schemas.registration import NEXT, Finding, Proposal, Registration
from search_api.accounts import registering
from store import accounts, audit, erasing, institutions, raw_records, records, registrations, sources, taken_down
from store.database import Connection, Database, open_database

ADA = "ada@example.org"
ROWS = 1200
"""More than two batches of what takes records out."""
Do = Callable[[Database, Settings, Registration], Any]


class _Shown(Harvester):
    """Finds every token, as if its people had shown it."""

    def prove(self, way: Any, endpoint: str, token: str) -> Finding:
        return Finding(code="fits", where=endpoint)


def prove(database: Database, settings: Settings, own: Registration) -> None:
    registering.prove(database, settings, _Shown(database, settings), own, "file", "https://n.example/", ADA)


def approve(database: Database, settings: Settings, own: Registration) -> None:
    with database.begin() as connection:
        registering.approve(connection, own, "boss@example.org")


def withdraw(database: Database, settings: Settings, own: Registration) -> None:
    registering.withdraw(database, Harvester(database, settings), own, ADA)


def come_back(database: Database, settings: Settings, own: Registration) -> None:
    registering.come_back(database, Harvester(database, settings), own, ADA)


def take_down(database: Database, settings: Settings, own: Registration) -> None:
    with database.begin() as connection:
        erasing.take_down(connection, number_of(connection, own), own.source, "r7")
        audit.write(connection, Act(actor=ADA, action="record.take_down", thing=f"source:{own.source}"))


def number_of(connection: Connection, own: Registration) -> int:
    return sources.number_of(connection, own.source) or 0


class Homes:
    """Installations with a registration in each state that an act begins from; each kill gets a copy."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.made = folder, 0
        self.base: dict[str, str] = {}
        """State -> id of its registration."""
        settings = self.settings(folder / "base")
        for name in ("live", "withdrawn"):
            text = "id,title\n" + "".join(f"r{n},Title {n}\n" for n in range(ROWS))
            (folder / f"{name}.csv").write_text(text)
        with closing(open_database(settings.database)) as database:
            with database.begin() as connection:
                institutions.upsert(connection, [Institution(id="north", name="North", kind="library")])
                ada = accounts.add(connection, ADA)
                for state in ("probed", "proven", "live", "withdrawn"):
                    file = folder / f"{state}.csv"
                    location = str(file) if file.exists() else f"https://{state}.example/oai"
                    own = Proposal(location=location, protocol="csv", format="csv", institution="north")
                    made = registrations.add(connection, ada.number, "probed", own)
                    self.base[state] = made.id
                    if state != "probed":
                        registrations.step(connection, made, "proven", ADA)
                    if state in ("live", "withdrawn"):
                        registering.go_live(connection, made, ADA)
            for state in ("live", "withdrawn"):
                with database.connect() as connection:
                    own_ = registrations.get(connection, self.base[state])
                    assert own_
                    source = sources.get(connection, own_.source)
                    assert source
                with closing(Client.from_settings(settings)) as client:
                    assert harvest_source(database, source, client).new == ROWS
            with database.connect() as connection:
                last = registrations.get(connection, self.base["withdrawn"])
            assert last
            withdraw(database, settings, last)

    def settings(self, home: Path) -> Settings:
        return load_settings(home=home, registration="proven", _env_file=None)

    def copy(self) -> Settings:
        self.made += 1
        home = self.folder / f"copy{self.made}"
        shutil.copytree(self.folder / "base", home)
        return self.settings(home)


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Homes:
    return Homes(tmp_path_factory.mktemp("killed"))


def run_until(settings: Settings, id_: str, do: Do, statement: int) -> int:
    """Do it in a process of its own, which is killed before its N-th statement; returns how many it made."""
    told, tell = os.pipe()
    child = os.fork()
    if not child:
        made = 0

        def count(*_: Any) -> None:
            nonlocal made
            made += 1
            if made == statement:
                os.kill(os.getpid(), signal.SIGKILL)

        try:
            database = open_database(settings.database)
            with database.connect() as connection:
                own = registrations.get(connection, id_)
            event.listen(Engine, "before_cursor_execute", count)
            event.listen(Engine, "commit", count)  # a statement too: before it nothing is kept
            assert own
            do(database, settings, own)
            os.write(tell, str(made).encode())
        finally:
            os._exit(0)
    os.close(tell)
    _, status = os.waitpid(child, 0)
    with os.fdopen(told) as answer:
        text = answer.read()
    # Beside the act a lease's heart beats, so that the last statements may be less than when they were counted.
    assert os.WIFSIGNALED(status) or text, "it failed by itself"
    return int(text or 0)


def points(total: int) -> Iterator[int]:
    """Where to kill: at the beginning, in the middle, at the last statement and between."""
    yield from sorted({2, total // 3, total // 2, 3 * total // 4, total - 1, total} - {0})


def steps_of(connection: Connection, id_: str) -> list[tuple[str, str]]:
    lines = [line for line in audit.read(connection, limit=1000) if line.thing == f"registration:{id_}"]
    return [(line.detail["from"], line.detail["to"]) for line in reversed(lines) if line.action == "registration.step"]


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize(
    ("do", "state", "end"),
    [
        (prove, "probed", "live"),
        (approve, "proven", "live"),
        (withdraw, "live", "withdrawn"),
        (come_back, "withdrawn", "live"),
    ],
)
def test_a_killed_step_is_made_whole_or_not_at_all(homes: Homes, do: Do, state: str, end: str) -> None:
    id_ = homes.base[state]
    total = run_until(homes.copy(), id_, do, 0)
    halves = 0
    for point in points(total):
        settings = homes.copy()
        run_until(settings, id_, do, point)
        with closing(open_database(settings.database)) as database:
            with database.connect() as connection:
                own, made = registrations.get(connection, id_), steps_of(connection, id_)
            assert own
            assert made[-1][1] == own.state if made else own.state == "probed"
            assert all(to in NEXT[before] for before, to in made)  # type: ignore[index]
            assert all(one[1] == other[0] for one, other in pairwise(made))
            assert own.state in (state, end)
            halves += own.state == state
            if own.state != end:
                do(database, settings, own)
            else:  # what was cut off after it is gone on with
                Housekeeping(database, settings, _Shown(database, settings)).look()
            with database.connect() as connection:
                own, after = registrations.get(connection, id_), steps_of(connection, id_)
                assert own
                source = sources.get(connection, own.source)
                living = records.count_live(connection, number_of(connection, own))
            assert own.state == end
            assert len(after) == len(set(after))
            assert after[: len(made)] == made
            assert source
            assert source.paused == (end == "withdrawn")
            if state in ("live", "withdrawn"):
                assert living == (0 if end == "withdrawn" else ROWS)
    assert halves, "no kill came before the step was made"


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_killed_take_down_is_made_whole_or_not_at_all(homes: Homes) -> None:
    id_ = homes.base["live"]
    for point in points(run_until(homes.copy(), id_, take_down, 0)):
        settings = homes.copy()
        run_until(settings, id_, take_down, point)
        with closing(open_database(settings.database)) as database, database.connect() as connection:
            own = registrations.get(connection, id_)
            assert own
            number = number_of(connection, own)
            lines = [line for line in audit.read(connection, limit=1000) if line.action == "record.take_down"]
            listed = taken_down.all_of(connection, number)
            row = raw_records.rows_of(connection, number, ["r7"])["r7"]
            (_, raw), *_ = raw_records.by_ids(connection, own.source, [row])
            assert len(lines) == len(listed) == raw.deleted
            assert (raw.payload == b"") == raw.deleted
            assert records.count_live(connection, number) == ROWS - raw.deleted
