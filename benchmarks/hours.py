"""Opening hours: lines a second of ``lampway hours --batch``, the cost of the table, agreement with direct evaluation.

python -m benchmarks.hours
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from schemas.hours import STATES, of_institution
from schemas.hours_table import HoursTable
from schemas.institution import Institution

FORMS = (
    "Mo-Fr 09:00-18:00",
    "Mo-Fr 09:00-18:00; Sa 10:00-14:00; PH off",
    "Tu-Su 10:00-17:00; PH off",
    "Mo,We,Fr 10:00-19:00; Tu,Th 12:00-20:00; Sa 10:00-13:00; PH off; Dec 24-Jan 06 off",
    "24/7",
    "Mo-Sa 08:00-24:00; Su 12:00-22:00; Aug 01-15 off",
    'Mo-Fr 10:00-12:00 || "by appointment"',
    "Fr 20:00-02:00; Sa 10:00-12:00",
)
PLACES = (("Europe/Berlin", "DE", "BY"), ("Europe/London", "GB", "SCT"), ("America/New_York", "US", ""),
          ("Asia/Shanghai", "CN", ""), ("Australia/Sydney", "AU", "NSW"))  # fmt: skip
NOW = datetime(2026, 11, 18, 9, 40, tzinfo=UTC)


def institutions(count: int, seed: int = 1) -> list[Institution]:
    """Institutions with hours of many shapes in five zones."""
    chance = random.Random(seed)
    made = []
    for number in range(count):
        zone, country, region = chance.choice(PLACES)
        opens = f"{chance.randint(7, 11):02d}:{chance.choice((0, 15, 30, 45)):02d}"
        hours = chance.choice(FORMS).replace("09:00", opens)
        made.append(
            Institution(
                id=str(number),
                name="",
                number=number,
                opening_hours=hours,
                timezone=zone,
                country=country,
                region=region,
            )
        )
    return made


def batch(lines: int) -> dict[str, Any]:
    """The command over a file, in a process of its own, start included."""
    chance = random.Random(2)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "questions.jsonl"
        with path.open("w") as file:
            for place in institutions(lines, seed=3):
                at = (NOW + timedelta(minutes=chance.randint(0, 500_000))).isoformat()
                question = {"expression": place.opening_hours, "at": at, "timezone": place.timezone}
                file.write(json.dumps(question | {"country": place.country, "region": place.region}) + "\n")
        started = time.perf_counter()
        command = [sys.executable, "-c", "from lampway.cli import main; main()", "hours", "--batch", str(path)]
        answers = subprocess.run(command, capture_output=True, check=True).stdout.count(b"\n")
        seconds = time.perf_counter() - started
    return {"lines": answers, "seconds": round(seconds, 2), "lines_per_s": round(answers / seconds)}


def table(count: int) -> dict[str, Any]:
    """Building the table of many institutions, looking all of them up, and comparing with direct evaluation."""
    places = institutions(count)
    started = time.perf_counter()
    built = HoursTable.build(places, NOW)
    build_s = time.perf_counter() - started
    numbers = np.arange(count)
    instants = np.full(count, int(NOW.timestamp())) + np.random.default_rng(4).integers(0, 13 * 86_400, count)
    times = []
    for _ in range(9):
        started = time.perf_counter()
        states, changes = built.at(numbers, instants)
        times.append(time.perf_counter() - started)
    agree = 0
    sample = random.Random(5).sample(range(count), min(2000, count))
    for number in sample:
        hours = of_institution(places[number])
        assert hours is not None
        status = hours.at(datetime.fromtimestamp(int(instants[number]), UTC))
        change = int(status.next_change.timestamp()) if status.next_change else 0
        agree += status.state == STATES[states[number]] and change == changes[number]
    return {
        "institutions": count,
        "build_s": round(build_s, 2),
        "lookup_ms": round(float(np.median(times)) * 1000, 2),
        "agreement": agree / len(sample),
    }


def run() -> dict[str, Any]:
    """All measurements."""
    lines = batch(100_000)["lines_per_s"]
    rows = [
        {"what": "lines a second of `lampway hours --batch`, start included", "value": lines, "target": ">= 20,000"}
    ]
    for found in (table(10_000), table(100_000)):
        many = f"{found['institutions']:,} institutions"
        rows += [
            {"what": f"{many}: two weeks built", "value": f"{found['build_s']} s", "target": "-"},
            {
                "what": f"{many}: all looked up, each at its own moment",
                "value": f"{found['lookup_ms']} ms",
                "target": "-",
            },
            {"what": f"{many}: agreement with evaluation", "value": found["agreement"], "target": "1.0"},
        ]
    return {"title": "Opening hours", "command": "python -m benchmarks.hours", "rows": rows}


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
