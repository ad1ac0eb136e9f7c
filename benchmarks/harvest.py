"""The whole harvest pipeline against Sickle's own record loop, which stores nothing: CPU time per record, medians.

Each case runs in a process of its own and is measured by its own CPU time; the server is another process. Cases take
turns, round by round, so that a noisy machine hurts all alike. Ours takes two: as plain Python, and with the readers
of records compiled.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

HERE = Path(__file__).parent
TOTAL, ROUNDS = 20_000, 3
NOTES = [
    "Where the time of a record of oai_dc goes, in percent: fetch and guard 3, strict parse and cut 14, read 45",
    "(elements found, tidied and sorted by name 23, made fields 22), hash of the raw record and its packing 10, JSON",
    "of the normalised one and its packing 11, SQLite with commit and checkpoint 13, dictionaries 1.",
    "Of MARCXML: parse and cut 18, read 52 (fields found 22, made a record 30), kept 25.",
    "",
    "*Compiled*: installed with `LAMPWAY_COMPILE=1`, as the container is; the others are plain Python.",
    "",
    "Sickle's loop differs by a quarter from hour to hour on this machine, ours by a fourteenth: its MARCXML took",
    "191 to 252 µs a record on one day and ours, in plain Python, 107 to 117, so that the rate was 1.75 to 2.16.",
    "Records of oai_dc have 17 elements here; for 95 real ones of a repository (26 elements, 3.1 kB, three dates and",
    "six subjects each) we need 105 µs in plain Python, 88 compiled, and Sickle 66.",
    "",
    "A million records of oai_dc in pages of 500 by the command: 156 MB at most, 14,200 records a second; the same",
    "again, none changed, 150 MB and 40,000 a second. A CSV file of a million rows: 132 MB, 42,000 rows a second.",
    "(`/usr/bin/time -f %M lampway harvest SOURCE`.) A record of oai_dc takes 903 bytes on disk, with all indexes.",
]


class Case(msgspec.Struct, frozen=True):
    """One list of records, and how much faster than Sickle's loop we want to be."""

    format: str
    size: int
    target: float
    secure: bool = False

    def __str__(self) -> str:
        return f"{self.format}, pages of {self.size}{', https' if self.secure else ''}"


CASES = (Case("oai_dc", 500, 1.0), Case("marcxml", 500, 1.9), Case("oai_dc", 100, 2.5, secure=True))


def run() -> dict[str, Any]:
    """Measure, as ``benchmarks.__main__`` wants it."""
    with tempfile.TemporaryDirectory() as folder:
        _compile(folder)
        measured = [_measured(case, folder) for case in CASES]
    peak = max(peak for _, peak in measured)
    rows = [row for own, _ in measured for row in own]
    rows.append({"what": "peak memory of the pipeline, MB", "value": round(peak), "target": "<= 200"})
    return {
        "title": "Harvest: fetch, guard, strict parse, raw kept, normalised, stored with checkpoints",
        "command": "python -m benchmarks harvest",
        "rows": rows,
        "notes": NOTES,
    }


def _compile(folder: str) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", folder, str(HERE.parent)]
    subprocess.run(command, check=True, env=os.environ | {"LAMPWAY_COMPILE": "1"})


def _measured(case: Case, compiled: str) -> tuple[list[dict[str, Any]], float]:
    times: dict[tuple[str, str], list[float]] = {}
    peak = 0.0
    with tempfile.TemporaryDirectory() as folder, _served(case, folder) as address:
        bundle = f"{folder}/bundle.pem" if case.secure else ""
        for number in range(ROUNDS):
            for what, who, modules in (
                ("sickle", "sickle", HERE.parent),
                ("plain", "lampway", HERE.parent),
                ("compiled", "lampway", compiled),
            ):
                command = [sys.executable, __file__, who, address, case.format, f"{folder}/{what}{number}", bundle]
                own = os.environ | {"PYTHONPATH": str(modules), "PYTHONSAFEPATH": "1"}
                result = json.loads(subprocess.run(command, capture_output=True, check=True, env=own).stdout)
                for step, seconds in result["cpu"].items():
                    times.setdefault((what, step), []).append(seconds / TOTAL * 1e6)
                peak = max(peak, result["peak_mb"] if who == "lampway" else 0)
    median = {key: statistics.median(values) for key, values in times.items()}
    sickle = median["sickle", "sickle"]
    rows = [{"what": f"{case}: Sickle's record loop, nothing stored, CPU µs a record", "value": round(sickle, 1)}]
    for what, name in (("plain", str(case)), ("compiled", f"{case}, compiled")):
        first, again = median[what, "first"], median[what, "again"]
        rate, unchanged = sickle / first, first / again
        rows += [
            {"what": f"{name}: whole pipeline, everything stored, CPU µs a record", "value": round(first, 1)},
            {"what": f"{name}: rate against Sickle's loop", "value": round(rate, 2), "target": f">= {case.target}"},
            {
                "what": f"{name}: unchanged again, rate against the first",
                "value": round(unchanged, 2),
                "target": ">= 2.3",
            },
        ]
    return rows, peak


@contextmanager
def _served(case: Case, folder: str) -> Iterator[str]:
    command = ["benchmarks.oai_pages", str(TOTAL), str(case.size), case.format, *([folder] if case.secure else [])]
    server = subprocess.Popen([sys.executable, "-m", *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert server.stdout
    try:
        yield f"{'https' if case.secure else 'http'}://127.0.0.1:{int(server.stdout.readline())}"
    finally:
        server.communicate(b"")


def sickle(base: str, format_: str, _: str, bundle: str) -> dict[str, float]:
    """Sickle's default iteration."""
    from sickle import Sickle

    began = time.process_time()
    server = Sickle(f"{base}/{format_}", **({"verify": bundle} if bundle else {}))
    count = sum(1 for _ in server.ListRecords(metadataPrefix=format_))
    assert count == TOTAL
    return {"sickle": time.process_time() - began}


def lampway(base: str, format_: str, home: str, bundle: str) -> dict[str, float]:
    """A first harvest and a full one of the same records."""
    from config.settings import load_settings
    from harvester.fetching import Client
    from harvester.harvest import harvest_source
    from lampway import garbage
    from schemas.catalogue import Source
    from store import sources
    from store.database import open_database

    own = Path(bundle).with_name("own.pem") if bundle else None
    settings = load_settings(home=Path(home), fetch_allow="127.0.0.1", fetch_pause=0, fetch_ca=own, _env_file=None)
    database = open_database(settings.database)
    source = Source(id="bench", protocol="oai", location=f"{base}/{format_}", format=format_)
    with database.begin() as connection:
        sources.add(connection, source)
    client = Client.from_settings(settings)
    garbage.settle()  # as the command does
    spent = {}
    for name in ("first", "again"):
        began = time.process_time()
        report = harvest_source(database, source, client, full=True)
        spent[name] = time.process_time() - began
        assert (report.status, report.received) == ("complete", TOTAL), report
    database.close()
    return spent


if __name__ == "__main__":
    cpu = {"sickle": sickle, "lampway": lampway}[sys.argv[1]](*sys.argv[2:])
    print(json.dumps({"cpu": cpu, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
