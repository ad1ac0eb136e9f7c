"""Which of many sources is harvested next, and what the day's work leaves of old runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import update

from config.settings import Settings
from harvester.fetching import Client
from harvester.harvest import harvest_source
from harvester.run import Brake
from lampway.harvest_worker import HarvestWorker
from lampway.housekeeping import RUNS_KEPT, forget
from schemas.catalogue import Quarantined, Source
from store import harvest_runs, quarantine, sources, tables
from store.database import Database


def add(database: Database, folder: Path, name: str, scheduled: str, wanted: str = "") -> Source:
    (folder / f"{name}.csv").write_text("id,title\n1,One\n2,Two\n")
    source = Source(
        id=name, protocol="csv", location=str(folder / f"{name}.csv"), format="csv", schedule="0 * * * *",
        scheduled_at=scheduled, wanted_at=wanted,
    )  # fmt: skip
    with database.begin() as connection:
        sources.add(connection, source)
        connection.execute(update(tables.sources).where(tables.sources.c.id == name).values(added_at=scheduled))
    return source


def test_who_was_asked_for_comes_first_and_then_who_waits_longest(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    settings = settings.model_copy(update={"worker_harvests": 1, "schedule_jitter": 0})
    now = datetime(2030, 1, 1, 12, 30, tzinfo=UTC)
    for name, hours, wanted in (("first", 2, ""), ("second", 4, ""), ("third", 3, ""), ("last", 2, "now")):
        moment = (now - timedelta(hours=hours)).isoformat()
        add(database, tmp_path, name, moment, now.isoformat() if wanted else "")
    worker, turns = HarvestWorker(database, settings, clock=lambda: now), []
    for _ in range(4):
        turns += sorted(worker.look({"first", "second", "third", "last"} - set(turns)))
        worker.wait(60)
    worker.close()
    assert turns == ["last", "second", "third", "first"]


def test_old_runs_are_forgotten_but_what_somebody_may_need(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    source, client = add(database, tmp_path, "s", "2020-01-01T00:00:00+00:00"), Client.from_settings(settings)

    def harvest(rows: int) -> int:
        Path(source.location).write_text("id,title\n" + "".join(f"{n},Book {n}\n" for n in range(rows)))
        return harvest_source(database, source, client, brake=Brake(share=1)).run

    harvest(3)
    removed = harvest(2)  # one record rests in its grave
    harvest(2)
    latest = harvest(2)
    with database.begin() as connection:
        long_ago = datetime.now(UTC) - RUNS_KEPT - timedelta(days=1)
        connection.execute(update(tables.harvest_runs).values(finished_at=long_ago.isoformat(timespec="seconds")))
        bad = [Quarantined(source="s", record=name, reason="x", payload=b"y") for name in ("unidentified:1", "7")]
        quarantine.add(connection, 1, latest, bad)
        connection.execute(update(tables.quarantine).values(at=long_ago.isoformat(timespec="seconds")))
        today = Quarantined(source="s", record="unidentified:2", reason="x", payload=b"z")
        quarantine.add(connection, 1, latest, [today])
    forget(database, settings)
    with database.connect() as connection:
        kept = [n for n in range(latest + 1) if harvest_runs.report(connection, str(n))]
        left = sorted(one.record for one in quarantine.first(connection, 1, 10))
    assert kept == [removed, latest]
    assert left == ["7", "unidentified:2"]
    assert harvest(2) > latest
    client.close()
