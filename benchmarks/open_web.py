"""Sitemaps and the borrow feed of a large catalogue: time, size, memory; and the size of the widget.

A million works; ``python -m benchmarks.open_web 20000`` for fewer.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import insert, update

from benchmarks.catalogue import records as described
from config.settings import load_settings
from schemas.catalogue import Source
from schemas.institution import Institution
from schemas.work import Edition, Work
from search_api.borrow_feed import write_feed
from search_api.renderers.sitemap import addresses, index
from search_api.web import assets
from store import codec, institutions, sitemap, sources, tables
from store.database import Database, open_database
from store.works import encode

BASE, AT, WORKS, PLACES = "https://lampway.example", "2026-11-24T10:00:00Z", 1_000_000, 200
_BLOCK = 5000


def run(works: int = WORKS) -> dict[str, Any]:
    """Fill a store, then fetch every sitemap and write the feed."""
    with tempfile.TemporaryDirectory(prefix="lampway-bench-") as folder:
        settings = load_settings(home=Path(folder), _env_file=None)
        database = open_database(settings.database)
        try:
            _fill(database, works)
            rows = [*_sitemaps(database, works), *_feed(database, Path(folder) / "feeds", works)]
        finally:
            database.close()
    rows.append({"what": "widget, bytes", "value": len(assets.content("nearby.js")), "target": "<= 15,000"})
    return {"title": "Sitemaps, borrow feed, widget", "command": "python -m benchmarks open_web", "rows": rows}


def _sitemaps(database: Database, works: int) -> list[dict[str, Any]]:
    before, began = _memory(), time.perf_counter()
    with database.connect() as connection:
        parts = sitemap.parts(connection)
    listed = time.perf_counter() - began
    index([(f"{BASE}/sitemaps/works-{part.number}.xml", part.changed) for part in parts])
    sizes, entries, slowest = [], 0, 0.0
    for part in parts:
        began = time.perf_counter()
        with database.connect() as connection:
            named = sitemap.works_of(connection, part.number)
        body = addresses((f"{BASE}/works/{id_}", changed) for id_, changed in named)
        slowest = max(slowest, time.perf_counter() - began)
        sizes.append(len(body))
        entries += len(named)
    changed = _changed_files(database, works)
    told = f"{works:,} works"
    return [
        {"what": f"sitemaps, {told}: works listed once", "value": f"{entries:,} in {len(parts)} files"},
        {"what": f"sitemaps, {told}: the list of files, s", "value": round(listed, 2)},
        {"what": f"sitemaps, {told}: slowest file, s", "value": round(slowest, 2)},
        {"what": f"sitemaps, {told}: largest file, MB", "value": round(max(sizes) / 1e6, 1), "target": "<= 50"},
        {"what": f"sitemaps, {told}: files that one changed work changes", "value": changed, "target": "1"},
        {"what": f"sitemaps, {told}: memory beyond the start, MB", "value": _memory() - before, "target": "<= 300"},
    ]


def _changed_files(database: Database, works: int) -> int:
    with database.begin() as connection:
        before = {part.number: part.changed for part in sitemap.parts(connection)}
        row = tables.dated_works.c.work == works // 2
        connection.execute(update(tables.dated_works).where(row).values(datestamp="2026-11-25T10:00:00Z"))
        return sum(before[part.number] != part.changed for part in sitemap.parts(connection))


def _feed(database: Database, folder: Path, works: int) -> list[dict[str, Any]]:
    before, began = _memory(), time.perf_counter()
    report = write_feed(database, folder, BASE, datetime(2026, 11, 24, 10, tzinfo=UTC))
    seconds = time.perf_counter() - began
    size = sum((folder / name).stat().st_size for name in report.files)
    told = f"borrow feed, {works:,} works"
    return [
        {"what": f"{told}: works a second", "value": round(works / seconds)},
        {
            "what": f"{told}: editions listed, left out",
            "value": f"{report.editions:,}, {sum(report.left_out.values()):,}",
        },
        {"what": f"{told}: files, MB packed", "value": f"{len(report.files)}, {size / 1e6:.1f}"},
        {"what": f"{told}: memory beyond the start, MB", "value": _memory() - before, "target": "<= 300"},
    ]


def _fill(database: Database, works: int) -> None:
    places = [Institution(id=f"i{n}", name=f"Library {n}", kind="library") for n in range(PLACES)]
    with database.begin() as connection:
        institutions.upsert(connection, places)
        source = sources.add(connection, Source(id="all", protocol="csv", location="x", format="csv", institution="i0"))
    block: list[dict[str, dict[str, Any]]] = []
    for number, (_, record) in enumerate(islice(described(works), works), 1):
        record.bindings = dict.fromkeys(record.isbns, "paperback")
        record.languages = record.languages or ["en"]
        edition = Edition(id=f"e{number}", record_ids=[number], isbns=record.isbns, languages=record.languages)
        work = Work(id=f"w{number}", number=number, title=record.title, type="book", editions=[edition])
        block.append(
            {
                "works": {"number": number, "id": work.id, "data": encode(work)},
                "raw_records": {
                    "id": number, "source": source, "name": codec.key_of(str(number)), "record": str(number),
                    "digest": b"", "payload": b"", "run": 1, "changed_at": AT,
                },
                "records": {
                    "id": number, "source": source, "data": codec.compress(codec.to_json(record)), "work": number,
                },
                "dated_works": {"work": number, "datestamp": AT, "digest": b""},
            }
        )  # fmt: skip
        if len(block) == _BLOCK or number == works:
            with database.begin() as connection:
                for table in block[0]:
                    connection.execute(insert(getattr(tables, table)), [row[table] for row in block])
            block = []


def _memory() -> int:
    """Peak of this process, MB."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
    for line in run(int(sys.argv[1]) if len(sys.argv) > 1 else WORKS)["rows"]:
        print(f"{line['what']}: {line['value']}" + (f"   (target {line['target']})" if "target" in line else ""))
