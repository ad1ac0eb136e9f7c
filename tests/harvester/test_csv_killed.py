"""A harvest of a CSV file that is killed again and again ends as if nothing had happened."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time

from harvester.fetching import Client
from harvester.harvest import harvest_source
from schemas.catalogue import Source
from store import harvest_runs, quarantine, raw_records, sources
from store.database import open_database

CHILD = """
import sys
from config.settings import load_settings
from harvester.fetching import Client
from harvester.harvest import harvest_source
from store import sources
from store.database import open_database

settings = load_settings()
database = open_database(settings.database)
with database.connect() as connection:
    source = sources.get(connection, "s")
tell = lambda *_: print("page", flush=True)
print("begun", flush=True)
harvest_source(database, source, Client(), on_progress=tell)
"""


def table(rows):
    """Records of one and of several rows that stand apart, rows that are none, rows that are cut short."""
    lines = ["id,title,year,barcode,status"]
    for n in range(rows):
        lines.append(f"b{n},Title {n},{1900 + n % 100},c{n},available")
        if n % 50 == 0:
            lines += [
                f"b{n // 2},Title {n // 2},1999,d{n},on loan",
                "broken",
                f'x{n},"unclosed,1990,c,d',
                f"s{n},Short {n}",
            ]
    return "\n".join(lines) + "\n"


def state(home):
    database = open_database(f"sqlite:///{home / 'lampway.db'}")
    with database.connect() as connection:
        number = sources.number_of(connection, "s")
        raw = {r.record: (r.payload, r.deleted) for _, r in raw_records.after(connection, number, "s", 0, 100_000)}
        bad = sorted((q.record, q.position, q.reason, q.payload) for q in quarantine.iterate(connection, number, "s"))
        report = harvest_runs.report(connection, "1")
    database.close()
    counts = {
        name: getattr(report, name) for name in ("status", "received", "new", "unchanged", "quarantined", "pages")
    }
    return raw, bad, counts, [(loss.reason, loss.count) for loss in report.losses]


def prepare(home, path):
    database = open_database(f"sqlite:///{home / 'lampway.db'}")
    source = Source(id="s", protocol="csv", location=str(path), format="csv")
    with database.begin() as connection:
        sources.add(connection, source)
    return database, source


def test_killed_at_random_moments_a_file_ends_as_if_nothing_had_happened(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(table(3000))
    whole, home = tmp_path / "whole", tmp_path / "killed"
    database, source = prepare(whole, path)
    harvest_source(database, source, Client())
    database.close()
    prepare(home, path)[0].close()
    dice = random.Random(11)
    environment = {**os.environ, "LAMPWAY_HOME": str(home)}
    kills = 0
    for _ in range(12):
        child = subprocess.Popen([sys.executable, "-c", CHILD], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(dice.randint(1, 3)):
            if not child.stdout.readline():
                break
        time.sleep(dice.uniform(0, 0.05))
        child.send_signal(signal.SIGKILL)
        child.stdout.close()
        if child.wait(timeout=60) == 0:
            break
        kills += 1
    assert kills >= 4
    assert state(home) == state(whole)
    with sqlite3.connect(home / "lampway.db") as plain:
        assert plain.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
