"""Bulk storing on both databases, the same pages in the same run: raw records, records, works; and what COPY gains."""

from __future__ import annotations

import importlib.util
import os
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, text

from benchmarks.catalogue import records
from schemas.catalogue import CatalogueRecord, RawRecord, Source
from schemas.work import Edition, Work
from store import bulk, codec, harvest_runs, raw_records, sources, tables, works
from store import records as normalised
from store.database import Database, open_database

WORKS = int(os.environ.get("LAMPWAY_BENCH_WORKS", "60000"))
PAGE = 500


def run() -> dict[str, Any]:
    """The comparison."""
    pages = _pages()
    server = _servers().OwnServer(hasty=False)
    try:
        with tempfile.TemporaryDirectory() as folder:
            urls = {"SQLite": f"sqlite:///{folder}/lampway.db", "PostgreSQL": server.address(server.create())}
            rates = {name: _measure(open_database(url), pages) for name, url in urls.items()}
    finally:
        server.stop()
    rows = []
    for what in rates["SQLite"]:
        one, other = rates["SQLite"][what], rates["PostgreSQL"][what]
        if what.endswith("bytes"):
            rows.append({"what": f"{what[:-6]}, bytes each on disk, indexes included", "value": _two(one, other)})
        else:
            ratio = f"; PostgreSQL {other / one:.2f} x SQLite"
            rows.append({"what": f"{what}, a second", "value": _two(one, other) + ratio})
    return {
        "title": "Bulk storing: SQLite and PostgreSQL",
        "command": "python -m benchmarks store",
        "rows": [*rows, *_copy_rows(rates)],
        "notes": [
            f"{sum(map(len, pages)):,} records in pages of {PAGE}, each page one transaction; server and client share",
            "the cores. PostgreSQL with its own defaults (each commit is forced to the disk); SQLite in WAL mode with",
            "synchronous=NORMAL (it is forced at checkpoints).",
        ],
    }


def _two(one: float, other: float) -> str:
    return f"SQLite {one:,.0f}, PostgreSQL {other:,.0f}"


def _copy_rows(rates: dict[str, dict[str, float]]) -> list[dict[str, Any]]:
    rows = []
    for name, ways in _COMPARED.items():
        best = ways["bulk"]
        others = ", ".join(f"{best / rate:.1f} x {way}" for way, rate in ways.items() if way != "bulk")
        rows.append({"what": f"{name}: raw rows by the bulk path", "value": f"{best:,.0f} a second; {others}"})
    return rows


_COMPARED: dict[str, dict[str, float]] = {}


def _servers() -> ModuleType:
    file = Path(__file__).parent.parent / "tests" / "servers" / "postgresql.py"
    spec = importlib.util.spec_from_file_location("lampway_tests_postgresql", file)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _pages() -> list[list[tuple[RawRecord, CatalogueRecord]]]:
    found = [
        (RawRecord(source=one.source, record=one.record, payload=msgspec.json.encode(one)), one)
        for _, one in records(WORKS)
        if one.source == "library-0"
    ]
    return [found[start : start + PAGE] for start in range(0, len(found), PAGE)]


def _timed(count: int, work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return count / (time.perf_counter() - began)


def _measure(database: Database, pages: list[list[tuple[RawRecord, CatalogueRecord]]]) -> dict[str, float]:
    with database.begin() as connection:
        number = sources.add(
            connection, Source(id="library-0", protocol="oai", location="x", format="x", institution="")
        )
        first, second, third = (harvest_runs.start(connection, number) for _ in range(3))
    count = sum(map(len, pages))
    made = [
        Work(
            id=f"w{i}", number=i, title=one.title, creators=one.creators, editions=[Edition(id=f"e{i}", record_ids=[i])]
        )
        for i, one in enumerate((one for page in pages for _, one in page), 1)
    ]
    changed = [
        [(RawRecord(source=r.source, record=r.record, payload=r.payload + b" "), msgspec.structs.replace(one, year=1))
         for r, one in page]
        for page in pages
    ]  # fmt: skip
    rates = {
        "new records stored (raw, normalised, outbox)": _timed(count, lambda: _store(database, number, first, pages)),
        "unchanged records": _timed(count, lambda: _store(database, number, second, pages)),
        "changed records": _timed(count, lambda: _store(database, number, third, changed)),
        "works added": _timed(count, lambda: _works(database, made)),
    }
    _COMPARED[database.version().split()[0]] = _ways(database, number, pages)
    return rates | _sizes(database, count)


def _store(database: Database, number: int, run_: int, pages: list[list[tuple[RawRecord, CatalogueRecord]]]) -> None:
    for page in pages:
        with database.begin() as connection:
            outcome = raw_records.store_page(connection, number, run_, [raw for raw, _ in page])
            read = {one.record: one for _, one in page}
            fresh = [(id_, read[raw.record]) for id_, raw in (*outcome.new, *outcome.changed)]
            normalised.upsert(connection, number, fresh)


def _works(database: Database, made: list[Work]) -> None:
    for start in range(0, len(made), PAGE):
        with database.begin() as connection:
            works.add(connection, made[start : start + PAGE])
            works.assign(connection, [(w.number, w.number, f"e{w.number}") for w in made[start : start + PAGE]])


def _ways(database: Database, number: int, pages: list[list[tuple[RawRecord, CatalogueRecord]]]) -> dict[str, float]:
    """The same raw rows by our path and by SQLAlchemy's, into the same table; rolled back each time."""
    columns = (
        "id",
        "source",
        "name",
        "record",
        "datestamp",
        "deleted",
        "digest",
        "payload",
        "run",
        "changed_at",
    )
    rows = [
        (10**7 + i, number, codec.key_of(f"x{i}"), raw.record, "", False, codec.digest(raw.payload),
         codec.compress(raw.payload), 1, "2026-01-01T00:00:00+00:00")
        for i, raw in enumerate(raw for page in pages for raw, _ in page)
    ]  # fmt: skip
    as_maps = [dict(zip(columns, row, strict=True)) for row in rows]
    statement, starts = insert(tables.raw_records), range(0, len(rows), PAGE)

    def ours(connection: Connection) -> None:
        for start in starts:
            bulk.insert(connection, tables.raw_records, columns, rows[start : start + PAGE])

    def theirs(connection: Connection) -> None:
        for start in starts:
            connection.execute(statement, as_maps[start : start + PAGE])

    found = {}
    for way, work in {"bulk": ours, "SQLAlchemy's insert": theirs}.items():
        with database.engine.connect() as connection:
            transaction = connection.begin()
            found[way] = _timed(len(rows), partial(work, connection))
            transaction.rollback()
    return found


def _sizes(database: Database, count: int) -> dict[str, float]:
    """Bytes on disk after everything was written once, without what changes have left behind."""
    names = ("raw_records", "records", "works")
    if database.engine.dialect.name == "postgresql":
        size = "SELECT pg_total_relation_size(:name)"
        with database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.execute(text("VACUUM FULL"))
    else:
        size = (
            "SELECT sum(pgsize) FROM dbstat WHERE name = :name OR name IN "
            "(SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = :name)"
        )
        driver = database.engine.raw_connection()
        driver.cursor().execute("VACUUM")
        driver.close()
    with database.connect() as connection:
        return {f"{name} bytes": connection.execute(text(size), {"name": name}).scalar_one() / count for name in names}
