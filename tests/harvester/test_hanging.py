"""A harvest that hangs, though its process lives: it is given up, another goes on, and it writes nothing more."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import store.leases
from harvester import fetching
from harvester.harvest import harvest_source
from lampway.harvest_worker import HarvestWorker
from schemas.catalogue import Source
from store import harvest_runs, leases, records, sources
from store.leases import LeaseLostError


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "longest_silence", lambda *_: 0.4)
    monkeypatch.setattr("lampway.harvest_worker.longest_silence", lambda *_: 0.4)
    monkeypatch.setattr(store.leases, "HEARTBEAT_S", 0.05)


@pytest.fixture
def hanging(oai: Any, serve: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A server whose second page nobody comes to the end of, once; ``wake`` lets go of whoever hangs there."""
    wake, hung = threading.Event(), threading.Event()
    real = fetching.Client.get

    def get(self: Any, url: str, params: Any = None, **options: Any) -> Any:
        if "|10" in (params or {}).get("resumptionToken", "") and not hung.is_set():
            hung.set()
            wake.wait(30)
        return real(self, url, params, **options)

    monkeypatch.setattr(fetching.Client, "get", get)
    server = serve([oai.item(n) for n in range(30)])
    server.wake, server.hung = wake, hung
    yield server
    wake.set()


def test_a_lease_whose_work_hangs_is_given_up_and_fenced(database: Any) -> None:
    with leases.held(database, "x", silence=0.2) as alive:
        for _ in range(10):
            time.sleep(0.05)
            alive()
        with database.begin():
            pass
        time.sleep(0.6)
        with pytest.raises(LeaseLostError, match="its lease was given up"), database.begin():
            pass


def test_the_worker_gives_a_hanging_harvest_up_and_goes_on(database: Any, settings: Any, hanging: Any) -> None:
    settings = settings.model_copy(update={"schedule_jitter": 0})
    source = Source(id="s", protocol="oai", location=hanging.url, format="oai_dc", schedule="* * * * *")
    with database.begin() as connection:
        sources.add(connection, source)
    worker = HarvestWorker(database, settings, clock=lambda: datetime.now(UTC) + timedelta(minutes=2))
    until = time.monotonic() + 20
    while not worker.reports and time.monotonic() < until:
        worker.look()
        time.sleep(0.05)
    assert [(report.status, report.received) for report in worker.reports] == [("complete", 30)]
    assert worker.troubles == 1
    hanging.wake.set()
    while worker.troubles < 2 and time.monotonic() < until:  # it wakes up, and finds that it may not write
        time.sleep(0.05)
    worker.close()
    assert worker.troubles == 2
    assert len(worker.reports) == 1
    with database.connect() as connection:
        report = harvest_runs.report(connection, "s")
        assert report is not None
        assert (report.status, report.received, records.count_live(connection, 1)) == ("complete", 30, 30)


def test_a_harvest_by_hand_that_hangs_ends_with_a_message(database: Any, client: Any, hanging: Any) -> None:
    client.silence = 0.3
    source = Source(id="s", protocol="oai", location=hanging.url, format="oai_dc")
    with database.begin() as connection:
        sources.add(connection, source)
    threading.Timer(1.5, hanging.wake.set).start()
    with pytest.raises(LeaseLostError, match="its lease was given up"):
        harvest_source(database, source, client)
    assert harvest_source(database, source, client).status == "complete"
