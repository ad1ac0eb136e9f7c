"""The whole harvest pipeline against Sickle's own record loop, which stores nothing: CPU time per record, medians.

Each case runs in a process of its own and is measured by its own CPU time; the server is another process. Cases take
turns, round by round, so that a noisy machine hurts all alike.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

TOTAL, SIZE, ROUNDS = 10_000, 500, 3
FORMATS = ("oai_dc", "marcxml")


def run() -> dict[str, Any]:
    """Measure, as ``benchmarks.__main__`` wants it."""
    server = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.oai_pages", str(TOTAL), str(SIZE)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert server.stdout
    port = int(server.stdout.readline())
    times: dict[str, list[float]] = {}
    peak = 0.0
    try:
        for _ in range(ROUNDS):
            for format_ in FORMATS:
                for case in ("sickle", "lampway"):
                    with tempfile.TemporaryDirectory() as home:
                        done = subprocess.run(
                            [
                                sys.executable,
                                "-m",
                                "benchmarks.harvest",
                                case,
                                f"http://127.0.0.1:{port}",
                                format_,
                                home,
                            ],
                            capture_output=True,
                            check=True,
                        )
                    result = json.loads(done.stdout)
                    for name, seconds in result["cpu"].items():
                        times.setdefault(f"{format_} {name}", []).append(seconds / TOTAL * 1e6)
                    if case == "lampway":
                        peak = max(peak, result["peak_mb"])
    finally:
        server.communicate(b"")
    median = {name: statistics.median(values) for name, values in times.items()}
    rows = []
    for format_, target in (("oai_dc", "1.0"), ("marcxml", "1.9")):
        sickle, first, again = (median[f"{format_} {name}"] for name in ("sickle", "first", "again"))
        rows += [
            {"what": f"{format_}: Sickle's record loop, nothing stored, CPU µs a record", "value": round(sickle, 1)},
            {"what": f"{format_}: whole pipeline, everything stored, CPU µs a record", "value": round(first, 1)},
            {
                "what": f"{format_}: rate against Sickle's loop",
                "value": round(sickle / first, 2),
                "target": f">= {target}",
            },
            {
                "what": f"{format_}: unchanged again, rate against the first",
                "value": round(first / again, 2),
                "target": ">= 2.3",
            },
        ]
    rows.append({"what": "peak memory of the pipeline, MB", "value": round(peak), "target": "<= 200"})
    return {
        "title": "Harvest: fetch, guard, strict parse, raw kept, normalised, stored with checkpoints",
        "command": "python -m benchmarks harvest",
        "rows": rows,
    }


def sickle(base: str, format_: str, _: str) -> dict[str, float]:
    """Sickle's default iteration."""
    from sickle import Sickle

    began = time.process_time()
    count = sum(1 for _ in Sickle(f"{base}/{format_}").ListRecords(metadataPrefix=format_))
    assert count == TOTAL
    return {"sickle": time.process_time() - began}


def lampway(base: str, format_: str, home: str) -> dict[str, float]:
    """A first harvest and a full one of the same records."""
    from config.settings import load_settings
    from harvester import garbage
    from harvester.fetching import Client
    from harvester.harvest import harvest_source
    from schemas.catalogue import Source
    from store import sources
    from store.database import open_database

    settings = load_settings(home=Path(home), fetch_allow="127.0.0.1", fetch_pause=0, _env_file=None)
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
