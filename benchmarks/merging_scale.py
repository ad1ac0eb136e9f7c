"""What merging costs as catalogues grow: everything anew, and a daily update of 1,000 records.

Each size runs in a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.indexing import fill, pairs, peak_mb, timed, touch
from config.settings import load_settings
from indexer.merging.merge import merge_pending
from lampway import garbage
from store import works
from store.database import open_database

SIZES = (100_000, 300_000)
"""Records; of the generated catalogue's works each has about 1.4. ``python -m benchmarks.merging_scale 1000000``
measures a million."""
RECORDS_A_WORK = 1.37
CHANGED = 1000


def run(sizes: tuple[int, ...] = SIZES) -> dict[str, Any]:
    """Measure each size."""
    rows: list[dict[str, str]] = []
    for size in sizes:
        command = [sys.executable, "-m", "benchmarks.merging_scale", str(size)]
        measured = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
        name = f"{measured['records']:,} records"
        rows += [
            {"what": f"{name}: merged anew, CPU s (s)", "value": f"{measured['cpu']:.0f} ({measured['seconds']:.0f})",
             "target": "<= 900 on 2 cores at 1M"},
            {"what": f"{name}: records per CPU second", "value": f"{measured['records'] / measured['cpu']:,.0f}"},
            {"what": f"{name}: peak memory (MB), of it before merging", "target": "< 4,000 at 1M",
             "value": f"{measured['peak']:,}, {measured['peak_before']:,}"},
            {"what": f"{name}: wrong pairs; share of right pairs found",
             "value": f"{measured['wrong']:,}; {measured['found']:.4f}"},
            {"what": f"{name}: update of {CHANGED:,} records, CPU s; share of the whole",
             "value": f"{measured['update_cpu']:.2f}; {measured['update_cpu'] / measured['cpu']:.2%}",
             "target": "< 1 % at 1M"},
        ]  # fmt: skip
    return {"title": "Merging, cost", "command": "python -m benchmarks merging_scale", "rows": rows}


def measure(size: int) -> dict[str, float]:
    """Store a generated catalogue of so many records, merge it, change some and merge them."""
    garbage.settle()  # as the command does
    with tempfile.TemporaryDirectory() as home:
        database = open_database(load_settings(home=Path(home), _env_file=None).database)
        try:
            truth = fill(database, round(size / RECORDS_A_WORK))
            before = peak_mb()
            seconds, cpu, merged = timed(lambda: merge_pending(database))
            peak = peak_mb()
            right, wrong, missed = pairs(database, truth)
            with database.begin() as connection:
                works.clear_pending(connection)  # as if the index had been built
            touch(database, CHANGED)
            update_s, update_cpu, _ = timed(lambda: merge_pending(database))
        finally:
            database.close()
    return {
        "records": merged.records, "seconds": seconds, "cpu": cpu, "peak": peak, "peak_before": before,
        "wrong": wrong, "found": right / max(right + missed, 1), "update_s": update_s, "update_cpu": update_cpu,
    }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
