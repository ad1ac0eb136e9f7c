"""A harvest that hangs, though its process lives: it is given up, another goes on, and it writes nothing more."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import store.leases
from harvester import fetching
from harvester.harvest import harvest_source
from lampway.harvest_worker import HarvestWorker
from schemas.catalogue import Source
from store import harvest_runs, leases, raw_records, records, sources
from store.database import now_text
from store.leases import LeaseLostError

SILENCE = 1.5
"""Seconds: short for a test, long for a page on a busy machine."""


def lease(database: Any, name: str) -> bool:
    """Whether somebody holds it."""
    with database.connect() as connection:
        return bool(leases.holder(connection, name))


def wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "longest_silence", lambda *_: SILENCE)
    monkeypatch.setattr("lampway.harvest_worker.longest_silence", lambda *_: SILENCE)
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
    with leases.held(database, "x", silence=SILENCE) as alive:
        until = time.monotonic() + 2 * SILENCE
        while time.monotonic() < until:
            time.sleep(0.05)
            alive()
        with database.begin():
            pass
        wait_until(lambda: not lease(database, "x"))
        with pytest.raises(LeaseLostError, match="its lease was given up"), database.begin():
            pass


def test_the_worker_gives_a_hanging_harvest_up_and_goes_on(database: Any, settings: Any, hanging: Any) -> None:
    settings = settings.model_copy(update={"schedule_jitter": 0})
    source = Source(id="s", protocol="oai", location=hanging.url, format="oai_dc", wanted_at=now_text())
    with database.begin() as connection:
        sources.add(connection, source)
    worker = HarvestWorker(database, settings)
    wait_until(lambda: worker.look() == set() and bool(worker.reports))
    assert [(report.status, report.received) for report in worker.reports] == [("complete", 30)]
    assert worker.troubles == 1
    hanging.wake.set()
    # It wakes up, finds that it may not write, and ends.
    wait_until(lambda: all(thread.name != "harvest s" for thread in threading.enumerate()))
    worker.close()
    assert worker.troubles == 1
    assert len(worker.reports) == 1
    with database.connect() as connection:
        report = harvest_runs.report(connection, "s")
        assert report is not None
        assert (report.status, report.received, records.count_live(connection, 1)) == ("complete", 30, 30)


def test_a_harvest_by_hand_that_hangs_ends_with_a_message(database: Any, client: Any, hanging: Any) -> None:
    client.silence = SILENCE
    source = Source(id="s", protocol="oai", location=hanging.url, format="oai_dc")
    with database.begin() as connection:
        sources.add(connection, source)

    def wake() -> None:
        wait_until(hanging.hung.is_set)
        wait_until(lambda: not lease(database, "harvest of s"))
        hanging.wake.set()

    threading.Thread(target=wake, daemon=True).start()
    with pytest.raises(LeaseLostError, match="its lease was given up"):
        harvest_source(database, source, client)
    client.silence = 0
    assert harvest_source(database, source, client).status == "complete"


def test_the_harvest_of_a_source_that_is_removed_meanwhile_writes_nothing_for_the_next_one(
    oai, serve, database, client
):
    """A number may be given again: what still came would be the other source's."""
    server = serve([oai.item(n) for n in range(40)])
    source = Source(id="wrong", protocol="oai", location=server.url, format="oai_dc")
    with database.begin() as connection:
        sources.add(connection, source)

    def removed(*_: object) -> None:
        def act() -> None:
            with database.begin() as connection:
                if sources.remove(connection, "wrong"):
                    sources.add(connection, Source(id="right", protocol="oai", location=server.url, format="oai_dc"))

        other = threading.Thread(target=act)  # as another process: no lease of ours is asked for
        other.start()
        other.join()

    with pytest.raises(LeaseLostError, match="removed or withdrawn"):
        harvest_source(database, source, client, on_progress=removed)
    with database.connect() as connection:
        number = sources.number_of(connection, "right")
        assert raw_records.count(connection, number) == (0, 0)
