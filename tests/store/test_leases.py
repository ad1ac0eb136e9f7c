"""Leases: one owner at a time, on one machine and on several; one that was only asleep does no harm when it wakes."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from config.settings import Settings
from store import leases, notes, tables
from store.database import Database
from store.leases import LeaseLostError, LeaseTakenError, held, holder

ELSEWHERE = "other-machine|1|77@boot.1|0"


def give_to(database: Database, owner: str, ago: timedelta) -> None:
    """Somebody else's lease, last heard of so long ago by the database's clock."""
    with database.begin() as connection:
        beat = database.dialect.now(connection) - ago
        connection.execute(tables.leases.delete())
        connection.execute(
            tables.leases.insert().values(name="index", owner=owner, beat_at=beat.isoformat(timespec="seconds"))
        )


def test_one_at_a_time_and_free_afterwards(database: Database) -> None:
    with (
        held(database, "index"),
        held(database, "harvest of x"),
        pytest.raises(LeaseTakenError, match="index: process"),
        held(database, "index"),
    ):
        pass
    with held(database, "index"):
        pass


def test_another_machine_s_lease_stands_for_a_minute(database: Database) -> None:
    give_to(database, ELSEWHERE, timedelta(seconds=50))
    with pytest.raises(LeaseTakenError, match="process 1 on other-machine"), held(database, "index"):
        pass
    give_to(database, ELSEWHERE, timedelta(seconds=70))
    with held(database, "index"):
        pass


def test_a_container_with_our_name_is_another_machine(database: Database) -> None:
    """Its process 1 is not ours, so that only its silence tells that it is dead."""
    machine, pid, *_ = leases.myself().split("|")
    give_to(database, f"{machine}|{pid}|12@other.1|0", timedelta(seconds=5))
    with pytest.raises(LeaseTakenError), held(database, "index"):
        pass


def test_the_database_s_clock_counts(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    if database.engine.dialect.name == "sqlite":
        pytest.skip("all who use an SQLite file are on one machine, with one clock")

    class Fast(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime.now(UTC) + timedelta(hours=1)

    give_to(database, ELSEWHERE, timedelta(seconds=5))
    monkeypatch.setattr(leases, "datetime", Fast)
    with pytest.raises(LeaseTakenError), held(database, "index"):
        pass


def test_a_dead_process_s_lease_is_free_at_once(database: Database, settings: Settings) -> None:
    script = f"""
import os
from store.database import open_database
from store.leases import held
with held(open_database({settings.database!r}), "index"):
    os.kill(os.getpid(), 9)
"""
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -9
    with database.connect() as connection:
        assert holder(connection, "index") == ""
    with held(database, "index"):
        pass


def test_who_lost_the_lease_writes_no_more_and_leaves_the_new_owner_alone(database: Database) -> None:
    with held(database, "index"):
        with database.begin() as connection:
            notes.put(connection, "work", b"first")
        _taken_over(database)
        told = pytest.raises(LeaseLostError, match="process 1 on other-machine took it over")
        with told, database.begin() as connection:
            notes.put(connection, "work", b"second")
    with database.connect() as connection:
        assert notes.get(connection, "work") == b"first"
        assert "other-machine" in holder(connection, "index")


def _taken_over(database: Database) -> None:
    """As another process does it: outside of this thread's fences."""
    with database.engine.begin() as connection:
        connection.execute(tables.leases.update().values(owner=ELSEWHERE))
