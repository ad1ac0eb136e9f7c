"""The fiftieth case of the torture list: a harvest killed at any moment ends as if nothing had happened.

The moments are counted, not timed: before each request, after its answer, before each statement of SQL, COMMIT
included. The harvest that is begun for the nth time kills itself (SIGKILL) at its nth moment, so that the kills fall
on page boundaries, into pages and into transactions, the same ones on every machine.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harvester.fetching import Client
from harvester.harvest import harvest_source
from schemas.catalogue import Source
from store import harvest_runs, quarantine, raw_records, records, sources
from store.database import open_database

CHILD = """
import os, signal, sys, traceback
from sqlalchemy import event
from harvester.fetching import Client
from harvester.harvest import harvest_source
from store import sources
from store.database import open_database

STEP = int(sys.argv[2])

def harvest(last):
    left, begun = last, ""
    def moment(*_, **__):
        nonlocal left
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
    database = open_database(sys.argv[1])
    with database.connect() as connection:
        source = sources.get(connection, "s")
    def statement(text):  # as SQLite begins it; one for many rows is told again for each
        nonlocal begun
        if text[:30] != begun:
            begun = text[:30]
            moment()
    event.listen(database.engine, "connect", lambda connection, _: connection.set_trace_callback(statement))
    database.close()  # connections made from here on are traced
    real = Client.get
    def get(*given, **options):
        moment()
        answer = real(*given, **options)
        moment()
        return answer
    Client.get = get
    report = harvest_source(database, source, Client(allow=("127.0.0.1",), pause=0))
    assert report.status in {"complete", "incomplete"}, report

kills = 0
while True:
    child = os.fork()
    if not child:
        status = 1
        try:
            harvest(3 + STEP * kills)
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(status)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status):
        print(kills)
        sys.exit(os.WEXITSTATUS(status))
    kills += 1
"""


def state(home: Path) -> tuple[Any, ...]:
    """All that a harvest leaves, but for the times."""
    database = open_database(f"sqlite:///{home / 'lampway.db'}")
    with database.connect() as connection:
        number = sources.number_of(connection, "s")
        assert number
        raw = {r.record: (r.payload, r.deleted) for _, r in raw_records.after(connection, number, "s", 0, 100_000)}
        read = {record.record: record for batch in records.iterate(connection) for _, record in batch}
        bad = sorted((q.record, q.position, q.reason, q.payload) for q in quarantine.iterate(connection, number, "s"))
        # A kill after the last commit leaves a second run, which finds nothing new.
        report = harvest_runs.report(connection, "1")
        assert report
        waiting = len(records.pending(connection))
    database.close()
    counts = [getattr(report, name) for name in ("status", "received", "new", "unchanged", "quarantined")]
    return raw, read, bad, waiting, counts, [(loss.reason, loss.count) for loss in report.losses]


def table(rows: int) -> str:
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


@pytest.fixture
def feeds(oai: Any, serve: Callable[..., Any], tmp_path: Path) -> dict[str, Source]:
    """An OAI-PMH server of six pages with a deletion and a broken record in it, and a file of as many."""
    items = [oai.item(n) for n in range(60)]
    items[7], items[33] = oai.tombstone(7), oai.Item("oai:test:33", None)
    server = serve(items, page=10)
    path = tmp_path / "table.csv"
    path.write_text(table(2400))
    return {
        "oai": Source(id="s", protocol="oai", location=server.url, format="oai_dc"),
        "csv": Source(id="s", protocol="csv", location=str(path), format="csv"),
    }


@pytest.mark.parametrize(("kind", "step"), [("oai", 2), ("csv", 2)])
def test_case_50_killed_at_any_page_boundary_and_within_pages(
    feeds: dict[str, Source], tmp_path: Path, kind: str, step: int
) -> None:
    source, whole, killed = feeds[kind], tmp_path / "whole", tmp_path / "killed"
    for home in (whole, killed):
        database = open_database(f"sqlite:///{home / 'lampway.db'}")
        with database.begin() as connection:
            sources.add(connection, source)
        if home == whole:
            client = Client(allow=("127.0.0.1",), pause=0)
            harvest_source(database, source, client)
            client.close()
        database.close()
    done = subprocess.run(
        [sys.executable, "-c", CHILD, f"sqlite:///{killed / 'lampway.db'}", str(step)],
        env=os.environ | {"TMPDIR": str(killed)}, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 15
    assert state(killed) == state(whole)
    with sqlite3.connect(killed / "lampway.db") as plain:
        assert plain.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
