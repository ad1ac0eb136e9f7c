"""What Prometheus may know of a process: counts and times by route, certified answers. No label comes from users."""

from __future__ import annotations

from contextlib import AbstractContextManager
from importlib.metadata import version

from prometheus_client import CollectorRegistry, Counter, Histogram, Info, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

MEDIA_TYPE = CONTENT_TYPE_LATEST
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})


class Metrics:
    """The counters of one process. With several workers each answers for itself: see "Watching" in docs/api.md."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)  # memory, processor time, open files, start
        Info("lampway", "What runs here", registry=self._registry).info({"version": version("lampway")})
        self._requests = Counter(
            "lampway_http_requests", "Requests answered", ["method", "route", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "lampway_http_seconds", "Seconds per request", ["route"], buckets=_BUCKETS, registry=self._registry
        )
        self._stages = Histogram(
            "lampway_search_stage_seconds",
            "Seconds per stage of a search",
            ["stage"],
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._searches = Counter(
            "lampway_searches", "Searches by whether the page is certified as exact", ["exact"], registry=self._registry
        )
        self._pushed = Counter(
            "lampway_availability_items", "States pushed, by what became of them", ["outcome"], registry=self._registry
        )
        self._live = Counter(
            "lampway_live_lookups", "Live look-ups by how they ended", ["outcome"], registry=self._registry
        )
        self._mails = Counter("lampway_mails", "Mails by how they ended", ["outcome"], registry=self._registry)
        for outcome in ("sent", "failed"):
            self._mails.labels(outcome)  # there from the start, so that the first failure is a step

    def watch(self, gauges: Collector) -> None:
        """Show gauges too that are read at each scrape."""
        self._registry.register(gauges)

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._requests.labels(method if method in _METHODS else "other", route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def stage(self, name: str) -> AbstractContextManager[object]:
        """Measures how long a stage of a search takes."""
        return self._stages.labels(name).time()

    def search(self, exact: bool) -> None:
        """Count a search."""
        self._searches.labels("true" if exact else "false").inc()

    def pushed(self, outcome: str, count: int) -> None:
        """Count pushed states."""
        self._pushed.labels(outcome).inc(count)

    def live(self, outcome: str) -> None:
        """Count a live look-up: answered, failed, late, refused (circuit or budget)."""
        self._live.labels(outcome).inc()

    def mail(self, outcome: str) -> None:
        """Count a mail: sent, or failed for good."""
        self._mails.labels(outcome).inc()

    def exposition(self) -> bytes:
        """All of it as Prometheus reads it."""
        return generate_latest(self._registry)
