"""Records merged a second, works indexed a second, and what an update costs, on a generated catalogue."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks import catalogue
from config.settings import load_settings
from indexer.build import rebuild
from indexer.engines import open_engine
from indexer.merging.merge import merge_pending
from indexer.update import update
from lampway import garbage
from schemas.catalogue import CatalogueRecord, RawRecord, Source
from store import institutions, raw_records, records, sources, works
from store.database import Database, open_database

WORKS = 100_000
_BATCH = 2000


def run(size: int = WORKS) -> dict[str, Any]:
    """Measure on a catalogue of so many works."""
    garbage.settle()  # as the command does
    with tempfile.TemporaryDirectory() as home:
        settings = load_settings(home=Path(home), _env_file=None)
        database = open_database(settings.database)
        engine = open_engine(settings)
        try:
            truth = fill(database, size)
            store_peak = peak_mb()
            merge_s, merge_cpu, merged = timed(lambda: merge_pending(database))
            merge_peak = peak_mb()
            right, wrong, missed = pairs(database, truth)
            build_s, build_cpu, built = timed(lambda: rebuild(database, engine, settings))
            index_bytes = sum(f.stat().st_size for f in (settings.index_home / built.generation).iterdir())
            touch(database, 1000)
            update_s, update_cpu, updated = timed(lambda: update(database, engine, settings))
        finally:
            engine.close()
            database.close()
    return {
        "title": "Merging and indexing",
        "command": "python -m benchmarks indexing",
        "rows": [
            {"what": "records", "value": f"{merged.records:,}"},
            {"what": "works", "value": f"{built.works:,}"},
            {"what": "merge, records/s", "value": f"{merged.records / merge_s:,.0f}", "target": ">= 1,200"},
            {"what": "merge, records per CPU second", "value": f"{merged.records / merge_cpu:,.0f}"},
            {"what": "merge, wrong pairs of works that are different", "value": f"{wrong:,}", "target": "0"},
            {"what": "merge, pairs found of those that are the same", "value": f"{right / max(right + missed, 1):.3f}"},
            {"what": "peak memory after storing, merging, indexing (MB)",
             "value": f"{store_peak:,}, {merge_peak:,}, {peak_mb():,}", "target": "< 4,000 at 1M records"},
            {"what": "index, works/s (documents, engine and columns)", "value": f"{built.works / build_s:,.0f}"},
            {"what": "index, works per CPU second", "value": f"{built.works / build_cpu:,.0f}", "target": ">= 5,000"},
            {"what": "index, bytes/work", "value": f"{index_bytes / max(built.works, 1):,.0f}", "target": "<= 300"},
            {"what": f"update of 1,000 changed records ({updated.written:,} works), s (CPU s)",
             "value": f"{update_s:.2f} ({update_cpu:.2f})"},
        ],
    }  # fmt: skip


def fill(database: Database, size: int) -> dict[tuple[str, str], str]:
    """Store the catalogue as a harvest would; returns the true work of each record."""
    truth: dict[tuple[str, str], str] = {}
    numbers: dict[str, int] = {}
    with database.begin() as connection:
        institutions.upsert(connection, catalogue.institutions())
        for number in range(catalogue.SOURCES):
            id_ = f"library-{number}"
            source = Source(id=id_, protocol="csv", location="x", format="csv", institution=id_)
            numbers[id_] = sources.add(connection, source)
    rows = catalogue.records(size)
    while batch := list(islice(rows, _BATCH)):
        truth.update({(record.source, record.record): work for work, record in batch})
        put(database, numbers, [record for _, record in batch])
    return truth


def put(database: Database, numbers: dict[str, int], batch: list[CatalogueRecord]) -> None:
    """Store records of several sources."""
    by_source: dict[str, list[CatalogueRecord]] = {}
    for record in batch:
        by_source.setdefault(record.source, []).append(record)
    with database.begin() as connection:
        for id_, own in by_source.items():
            raws = [RawRecord(source=id_, record=r.record, payload=repr(r.title).encode()) for r in own]
            outcome = raw_records.store_page(connection, numbers[id_], 1, raws)
            named = {record.record: record for record in own}
            rows = [(row, named[raw.record]) for row, raw in (*outcome.new, *outcome.changed)]
            records.upsert(connection, numbers[id_], rows)


def touch(database: Database, count: int) -> None:
    """Change so many records."""
    with database.begin() as connection:
        batch = next(records.iterate(connection, batch=count))
        numbers = {source.id: number for number, source in sources.numbers(connection).items()}
        for row, record in batch:
            record.subjects = [*record.subjects, "changed"]
            records.upsert(connection, numbers[record.source], [(row, record)])


def pairs(database: Database, truth: dict[tuple[str, str], str]) -> tuple[int, int, int]:
    """Pairs of records merged rightly, merged wrongly, and missed."""
    groups: dict[str, dict[str, int]] = {}
    sizes: dict[str, int] = {}
    with database.connect() as connection:
        for row in works.memberships(connection):
            origin = truth[row.source, row.record]
            group = groups.setdefault(row.work, {})
            group[origin] = group.get(origin, 0) + 1
            sizes[origin] = sizes.get(origin, 0) + 1
    right = sum(n * (n - 1) // 2 for group in groups.values() for n in group.values())
    together = sum(n * (n - 1) // 2 for group in groups.values() for n in [sum(group.values())])
    return right, together - right, sum(n * (n - 1) // 2 for n in sizes.values()) - right


def timed(work: Any) -> tuple[float, float, Any]:
    """Seconds, CPU seconds, and the result: on a shared machine only the second one can be compared."""
    began, cpu = time.perf_counter(), time.process_time()
    result = work()
    return time.perf_counter() - began, time.process_time() - cpu, result


def peak_mb() -> int:
    """Peak memory of this process so far."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
    for row in run(int(sys.argv[1]) if len(sys.argv) > 1 else WORKS)["rows"]:
        print(f"{row['what']}: {row['value']}")
