"""How store and engine stand, as Prometheus reads it: what an operator is woken for. Labels are source ids."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import structlog
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from search_api.context import Context
from store.database import StoreError
from store.watch import SourceStanding, Standing, standing

log = structlog.stdlib.get_logger("lampway.metrics")
_GOOD_FOR_S = 15.0
"""Every process is scraped, every few seconds; the store need not be asked each time."""


class Gauges(Collector):
    """Read at each scrape, at most every 15 s. Where the store is away, only that is told."""

    def __init__(self, context: Context) -> None:
        self._context, self._lock = context, threading.Lock()
        self._read_at, self._standing = -_GOOD_FOR_S, None  # type: float, Standing | None

    def describe(self) -> list[GaugeMetricFamily]:
        """Nothing is read when the collector is registered."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """All gauges."""
        health = self._context.engine.health()
        yield GaugeMetricFamily("lampway_engine_up", "1 = the search engine answers", value=float(health.ok))
        yield GaugeMetricFamily("lampway_engine_works", "Works in the live generation", value=health.works)
        now = self._now(health.engine)
        yield GaugeMetricFamily("lampway_store_up", "1 = the database answers", value=float(now is not None))
        if now is None:
            return
        yield GaugeMetricFamily(
            "lampway_records_unmerged", "Changed records that wait to be merged", value=now.unmerged
        )
        yield GaugeMetricFamily(
            "lampway_works_unindexed", "Changed works that wait to be written to the engine", value=now.unindexed
        )
        yield GaugeMetricFamily(
            "lampway_registrations_waiting",
            "Proven registrations that wait for an operator: lampway registrations approve or refuse",
            value=now.registrations_waiting,
        )
        yield GaugeMetricFamily("lampway_workers", "Living lampway worker processes", value=now.workers)
        if now.promoted:
            yield GaugeMetricFamily(
                "lampway_generation_promoted_timestamp_seconds",
                "When the live generation of the index was built",
                value=now.promoted.timestamp(),
            )
        yield from _of_sources(now.sources)

    def _now(self, engine: str) -> Standing | None:
        with self._lock:
            if time.monotonic() - self._read_at >= _GOOD_FOR_S or self._standing is None:
                try:
                    with self._context.database.connect() as connection:
                        self._standing = standing(connection, engine)
                    self._read_at = time.monotonic()
                except StoreError as error:
                    log.warning("the store cannot be read", reason=str(error))
                    self._standing = None
            return self._standing


def _of_sources(sources: list[SourceStanding]) -> Iterator[GaugeMetricFamily]:
    complete = GaugeMetricFamily(
        "lampway_source_last_complete_timestamp_seconds",
        "End of the last complete harvest; 0 = never",
        labels=["source"],
    )
    failed = GaugeMetricFamily("lampway_source_failed", "1 = the last harvest failed", labels=["source"])
    waiting = GaugeMetricFamily(
        "lampway_source_waiting", "1 = removals wait for a person: lampway harvest approve or reject", labels=["source"]
    )
    broken = GaugeMetricFamily(
        "lampway_source_quarantined_records", "Records of the source that cannot be read", labels=["source"]
    )
    for source in sources:
        complete.add_metric([source.id], source.last_complete.timestamp() if source.last_complete else 0.0)
        failed.add_metric([source.id], float(source.last_failed))
        waiting.add_metric([source.id], float(source.waiting))
        broken.add_metric([source.id], source.quarantined)
    yield from (complete, failed, waiting, broken)
