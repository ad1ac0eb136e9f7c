"""Several processes at one store: nothing is numbered twice, lost or half there, and readers see whole states."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections import Counter

import pytest
from sqlalchemy import func, select

from config.settings import Settings
from schemas.catalogue import CatalogueRecord, RawRecord, Source
from schemas.institution import Institution
from store import availability, harvest_runs, institutions, notes, raw_records, records, sources, tables
from store.availability import Fact
from store.database import Database

PAGES, A_PAGE = 12, 40

HARVESTER = """
import sys
from schemas.catalogue import CatalogueRecord, RawRecord
from store import harvest_runs, raw_records, records, sources
from store.database import open_database
database, source = open_database(sys.argv[1]), sys.argv[2]
with database.begin() as connection:
    number = sources.number_of(connection, source)
    run = harvest_runs.start(connection, number)
sys.stdin.readline()
for page in range(int(sys.argv[3])):
    names = [f"{page}-{i}" for i in range(int(sys.argv[4]))]
    rows = [CatalogueRecord(source=source, record=name, title=f"T {name}") for name in names]
    with database.begin() as connection:
        raw = [RawRecord(source=source, record=row.record, payload=row.title.encode()) for row in rows]
        outcome = raw_records.store_page(connection, number, run, raw)
        ids = {one.record: id_ for id_, one in outcome.new}
        records.upsert(connection, number, [(ids[row.record], row) for row in rows])
        if page == 5 and sys.argv[5:] == ["die"]:
            print("in the middle", flush=True)
            sys.stdin.readline()
"""


def start(settings: Settings, source: str, *more: str) -> subprocess.Popen[str]:
    """A process that stores pages once it is told to go."""
    return subprocess.Popen(
        [sys.executable, "-c", HARVESTER, settings.database, source, str(PAGES), str(A_PAGE), *more],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def two(database: Database) -> Database:
    with database.begin() as connection:
        for name in ("one", "two"):
            sources.add(connection, Source(id=name, protocol="oai", location="x", format="oai_dc", institution=""))
    return database


def test_two_harvesters_and_a_reader(two: Database, settings: Settings) -> None:
    workers = [start(settings, name) for name in ("one", "two")]
    for worker in workers:
        worker.stdin.write("go\n")
        worker.stdin.flush()
    while any(worker.poll() is None for worker in workers):
        with two.connect() as connection:  # a snapshot: raw records, records and outbox of whole pages
            raw, said, waiting = (
                connection.scalar(select(func.count()).select_from(table))
                for table in (tables.raw_records, tables.records, tables.pending_records)
            )
            assert raw == said == waiting
            assert raw % A_PAGE == 0
    assert [worker.wait() for worker in workers] == [0, 0]
    with two.connect() as connection:
        found = Counter(record.source for batch in records.iterate(connection) for _, record in batch)
        assert found == {"one": PAGES * A_PAGE, "two": PAGES * A_PAGE}
        assert records.count_pending(connection) == 2 * PAGES * A_PAGE


def test_a_writer_that_is_killed_in_the_middle_leaves_whole_pages_and_no_lock(
    two: Database, settings: Settings
) -> None:
    worker = start(settings, "one", "die")
    worker.stdin.write("go\n")
    worker.stdin.flush()
    assert worker.stdout.readline() == "in the middle\n"
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    with two.begin() as connection:  # waits for nobody
        assert raw_records.count(connection, 1) == (5 * A_PAGE, 0)
        assert records.count_pending(connection) == 5 * A_PAGE
        assert harvest_runs.cut_off(connection, 1)


def test_what_changes_while_the_outbox_is_emptied_goes_on_waiting(two: Database) -> None:
    with two.begin() as connection:
        run = harvest_runs.start(connection, 1)
        [(id_, _)] = raw_records.store_page(connection, 1, run, [RawRecord(source="one", record="a", payload=b"1")]).new
        records.upsert(connection, 1, [(id_, CatalogueRecord(source="one", record="a", title="first"))])
    changed = threading.Event()

    def change() -> None:
        with two.begin() as connection:
            records.upsert(connection, 1, [(id_, CatalogueRecord(source="one", record="a", title="second"))])
        changed.set()

    with two.begin() as connection:
        waiting = records.pending(connection)
        other = threading.Thread(target=change)
        other.start()
        assert not changed.wait(0.3), "a writer waits for the one at work"
        records.clear_pending(connection, waiting)
    other.join()
    with two.connect() as connection:
        assert records.pending(connection) == [id_]


def test_versions_of_facts_become_visible_in_their_order(two: Database) -> None:
    """A reader that looks beyond the last version it has seen never misses a fact."""
    seen: list[int] = []
    version = 0

    def push(number: int) -> None:
        for i in range(15):
            fact = Fact(record=number * 100 + i, institution=1, service="loan", state="available", how="pushed",
                        checked_at="2026-11-20T09:00:00+00:00")  # fmt: skip
            with two.begin() as connection:
                availability.put(connection, [fact])

    pushers = [threading.Thread(target=push, args=(number,)) for number in (1, 2, 3)]
    for pusher in pushers:
        pusher.start()
    working = True
    while working:
        working = any(pusher.is_alive() for pusher in pushers)  # before the look: the last one sees all
        with two.connect() as connection:
            found = list(availability.since(connection, version))
        seen += [fact.record for _, fact in found]
        version = found[-1][0] if found else version
    assert len(set(seen)) == len(seen) == 45


def test_institutions_and_notes_written_at_the_same_moment(two: Database) -> None:
    def write(who: int) -> None:
        for i in range(10):
            with two.begin() as connection:
                institutions.upsert(connection, [Institution(id=f"i{who}-{i}", name="x")])
                notes.put(connection, "shared", str(who).encode())

    writers = [threading.Thread(target=write, args=(who,)) for who in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    with two.connect() as connection:
        assert sorted(row.number for row in institutions.all_institutions(connection)) == list(range(1, 31))


def test_text_is_sorted_by_code_points(two: Database) -> None:
    names = ["b", "A", "a", "Z", "é", "_", "1-2", "12", "書"]
    with two.begin() as connection:
        run = harvest_runs.start(connection, 1)
        raw_records.store_page(
            connection, 1, run, [RawRecord(source="one", record=name, payload=b"x") for name in names]
        )
    with two.connect() as connection:
        column = tables.raw_records.c.record
        assert list(connection.scalars(select(column).order_by(column))) == sorted(names)


def test_a_zero_character_in_a_name_loses_nothing(two: Database) -> None:
    odd = RawRecord(source="one", record="a\0b", payload=b"\0raw\0")
    with two.begin() as connection:
        run = harvest_runs.start(connection, 1)
        many = [RawRecord(source="one", record=str(n), payload=b"x") for n in range(50)]
        assert len(raw_records.store_page(connection, 1, run, [odd, *many]).new) == 51
        assert raw_records.store_page(connection, 1, run, [odd]).same == ["a\0b"]
    with two.connect() as connection:
        assert [raw.payload for _, raw in raw_records.after(connection, 1, "one", 0, 1)] == [b"\0raw\0"]
