"""Renderers: a work held by 500 places in every format, and files of 500 works; CPU milliseconds, median of many."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import msgspec

from benchmarks.catalogue import records
from schemas.answer import Answer, Best
from schemas.catalogue import Availability
from schemas.query import SearchRequest
from schemas.work import Work
from search_api.renderers import FORMATS, daia
from search_api.renderers.base import Format, Frame, Results
from search_api.renderers.daia import Owner, Requested
from search_api.views import AddressView, EditionView, HoldingView, WorkView

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
FRAME = Frame(base="https://lampway.example", moment=NOW)
HOLDINGS, WORKS, TARGET = 500, 500, "<= 20"
_STATES = ("available", "limited", "expected", "unavailable", "unknown")
_SERVICES = ("loan", "on_site", "digital", "interloan")


def run() -> dict[str, Any]:
    """All formats."""
    described = [_described(number, row) for number, row in enumerate(records(WORKS))]
    held = _held(described[0])
    question = SearchRequest(at=NOW)
    answer = Answer(total=WORKS, total_relation="exact", exact=True, query={}, hits=[])
    results = Results(request=question, answer=answer, works=described, changed={})
    rows = []
    for name, form in FORMATS.items():
        for what, render in _renderings(form, held, results):
            milliseconds, size = _measure(render)
            target = TARGET if what.endswith("holdings") else "-"
            rows.append({"what": f"{name}: {what}, CPU ms ({size:,} bytes)", "value": milliseconds, "target": target})
    asked = [Requested(identifier="isbn:9780141439518", work=held, holdings=held.holdings)]
    milliseconds, size = _measure(lambda: msgspec.json.encode(daia.answer(asked, Owner(name="Lampway"), FRAME)))
    what = f"daia: a document with {HOLDINGS} items, CPU ms ({size:,} bytes)"
    rows.append({"what": what, "value": milliseconds, "target": TARGET})
    return {"title": "Renderers", "command": "python -m benchmarks renderers", "rows": rows}


def _renderings(form: Format, held: WorkView, results: Results) -> list[tuple[str, partial[bytes]]]:
    whole = [render for render in (form.work, form.holdings) if render and not form.download]
    found = [(f"a work with {HOLDINGS} holdings", partial(render, held, FRAME)) for render in whole]
    if form.download and form.results:
        found.append((f"{WORKS} descriptions", partial(form.results, results, FRAME)))
    return found


def _measure(render: Callable[[], bytes]) -> tuple[float, int]:
    size = len(render())
    times = []
    for _ in range(15):
        started = time.process_time()
        render()
        times.append(time.process_time() - started)
    return round(statistics.median(times) * 1000, 2), size


def _described(number: int, row: Any) -> Work:
    shared = {name: getattr(row, name) for name in Work.__struct_fields__ if hasattr(row, name)}
    return Work(id=f"w{number}", number=number, **shared)


def _held(work: Work) -> WorkView:
    """The work at many places, in every state, service and age."""
    holdings = [_holding(number) for number in range(HOLDINGS)]
    known = msgspec.structs.asdict(work) | {
        "editions": [EditionView(id="e0", isbns=work.isbns, year=work.year)],
        "holdings": holdings,
        "holdings_count": HOLDINGS,
        "institutions_count": HOLDINGS,
    }
    return WorkView(**known)


def _holding(number: int) -> HoldingView:
    checked = NOW - timedelta(hours=number)
    services = [
        Availability(service=service, state=_STATES[(number + place) % 5], checked_at=checked)  # type: ignore[arg-type]
        for place, service in enumerate(_SERVICES)
    ]
    best = Best(
        institution_id=f"i{number}",
        institution=f"Library number {number}",
        kind=("library", "museum", "archive")[number % 3],
        lat=54 + number / 1000,
        lon=-1.6,
        distance_km=number / 10,
        service="loan",
        state=services[0].state,
        checked_at=checked,
        call_number=f"823.7 {number}",
    )
    address = AddressView(street=f"{number} Market Street", city="Aldport", country="GB")
    return HoldingView(
        best=best, score=1, signals={}, services=services, edition="e0", source="s", record=str(number), address=address
    )
