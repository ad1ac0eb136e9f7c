"""Kills a harvest at random moments, 200 times, and compares each end state with that of an uninterrupted run.

``python -m benchmarks.kills [oai|csv] [KILLS] [SEED]``. A harvest of 6,000 records over OAI-PMH in 120 pages, or of a
table with 30,000 rows in 61, runs in a process of its own, is killed (SIGKILL) somewhere in its course, begun again and
killed again until it comes through; then the next begins on an empty store. Not part of ``make bench``: it takes about
ten minutes and measures no speed.
"""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schemas.catalogue import Source
from store import codec, harvest_runs, raw_records, records, sources
from store.database import open_database

TOTAL, SIZE = 6000, 50
ROWS = 30_000

CHILD = """
import sys
from harvester.fetching import Client
from harvester.harvest import harvest_source
from store import sources
from store.database import open_database

database = open_database(sys.argv[1])
with database.connect() as connection:
    source = sources.get(connection, "s")
print("ready", flush=True)
report = harvest_source(database, source, Client(allow=("127.0.0.1",), pause=0))
assert report.status == "complete", report
"""


def main(kind: str, kills: int, seed: int) -> int:
    """Kill, compare, tell. Returns the exit status."""
    dice = random.Random(seed)
    with _feed(kind) as source:
        with tempfile.TemporaryDirectory() as folder:
            takes, truth = run(folder, source, None), state(folder)
        assert truth[0] == {"oai": TOTAL, "csv": ROWS}[kind], truth
        print(f"uninterrupted: {takes:.2f} s, {truth[0]:,} records, {truth[1]}", flush=True)
        done = harvests = wrong = 0
        while done < kills:
            with tempfile.TemporaryDirectory() as folder:
                while done < kills and not run(folder, source, dice.uniform(0, takes * 0.6)):
                    done += 1
                if done == kills:
                    run(folder, source, None)
                harvests += 1
                if (end := state(folder)) != truth:
                    wrong += 1
                    print(f"DIFFERENT after kill {done}: {end}", flush=True)
            print(f"{done} kills, {harvests} harvests, {wrong} end states differ", flush=True)
    return 1 if wrong else 0


@contextmanager
def _feed(kind: str) -> Iterator[Source]:
    """The source that is harvested, and what serves it."""
    if kind == "csv":
        with tempfile.NamedTemporaryFile("w", suffix=".csv", encoding="utf-8") as file:
            file.write("id,title,creator,year,barcode,status\n")
            file.writelines(
                f"b{n},Title {n} of the sea,Author {n % 700},{1900 + n % 120},c{n},available\n" for n in range(ROWS)
            )
            file.flush()
            yield Source(id="s", protocol="csv", location=file.name, format="csv")
        return
    server = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.oai_pages", str(TOTAL), str(SIZE), "oai_dc"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert server.stdout
    try:
        url = f"http://127.0.0.1:{int(server.stdout.readline())}/oai_dc"
        yield Source(id="s", protocol="oai", location=url, format="oai_dc")
    finally:
        server.communicate(b"")


def run(folder: str, source: Source, after: float | None) -> float:
    """A harvest in a process of its own, killed after so many seconds; what it took, 0 = it was killed."""
    address = f"sqlite:///{Path(folder) / 'lampway.db'}"
    if not (Path(folder) / "lampway.db").exists():
        database = open_database(address)
        with database.begin() as connection:
            sources.add(connection, source)
        database.close()
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, address],
        env=os.environ | {"TMPDIR": folder},  # where a killed one leaves its copy of the file
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert child.stdout
    child.stdout.readline()
    began = time.monotonic()
    try:
        _, error = child.communicate(timeout=after if after is not None else 120)
    except subprocess.TimeoutExpired:
        child.send_signal(signal.SIGKILL)
        child.communicate()
        return 0.0
    if child.returncode:
        raise RuntimeError(error.decode())
    return time.monotonic() - began


def state(folder: str) -> tuple[int, str, int, int]:
    """What the store holds: how many records, a hash of all of them raw and normalised, what waits, what was new."""
    database = open_database(f"sqlite:///{Path(folder) / 'lampway.db'}")
    digest, count, new = hashlib.sha256(), 0, 0
    with database.connect() as connection:
        raw = {row.record: row for batch in raw_records.iterate(connection, 1, "s") for _, row in batch}
        normalised = {row.record: row for batch in records.iterate(connection) for _, row in batch}
        waiting = records.count_pending(connection)
        run_id = 1
        while (report := harvest_runs.report(connection, str(run_id))) is not None:
            new, run_id = new + report.new, run_id + 1
        whole = connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    database.close()
    assert whole
    for name in sorted(raw):
        count += 1
        digest.update(codec.to_json(raw[name]) + codec.to_json(normalised[name]))
    return count, digest.hexdigest()[:16], waiting, new


if __name__ == "__main__":
    kind, *numbers = sys.argv[1:] if sys.argv[1:2] in (["oai"], ["csv"]) else ["oai", *sys.argv[1:]]
    given = [int(number) for number in numbers]
    sys.exit(main(kind, *[*given, *[200, 1][len(given) :]]))
