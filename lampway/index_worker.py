"""The worker's indexing: what waits in the outboxes reaches the index within seconds, or when the engine is back."""

from __future__ import annotations

import time

import structlog

from config.settings import Settings
from indexer.engines import open_engine
from indexer.engines.base import EngineError, SearchEngine
from indexer.update import UpdateReport, update
from store import institutions, records, works
from store.database import Database, StoreError
from store.leases import LeaseTakenError

log = structlog.stdlib.get_logger("lampway.worker")
LATENCY_S = 2.0
"""Between two looks at the outboxes."""
_TIDY_S = 60.0
"""After so long the index is brought up to date though nothing waits: confirmations and facts reach the columns."""
_SETTLE_S, _LONGEST_SETTLE_S = 10.0, 60.0
"""An edit of an institution may place every copy anew, which builds the whole index: several in a row build it once,
when none came for so long; but the first of them waits no longer than that."""
_FIRST_REST_S, _LONGEST_REST_S = 1.0, 10.0
"""Before the engine is asked again when it is away; each time twice as long."""


class IndexWorker:
    """Call ``step`` again and again, each time after as many seconds as it returned."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database, self._settings = database, settings
        self._engine: SearchEngine | None = None
        self._rest = 0.0
        self._away_since = 0.0
        self._registry = self._edited = ""
        self._edited_first = self._edited_last = 0.0
        self._tidied = -_TIDY_S

    def step(self) -> float:
        """Index what waits, if anything; returns the seconds until the next step."""
        began = time.monotonic()
        try:
            if not self._has_work():
                return LATENCY_S
            self.update()
        except LeaseTakenError:  # another worker, or a person, is at it and takes what waits
            return LATENCY_S
        except (EngineError, StoreError) as error:
            return self._wait_for_engine(error)
        except Exception:  # a mistake of ours with one batch must not end the worker; what waits goes on waiting
            log.exception("indexing could not go on")
            return _LONGEST_REST_S
        # At most half of the time: a large first harvest is merged again and again while it grows.
        return max(LATENCY_S, time.monotonic() - began)

    def update(self) -> UpdateReport:
        """Index what waits.

        Raises:
            EngineError: the engine is away or cannot; what waits goes on waiting.
            LeaseTakenError: another process is indexing.
        """
        with self._database.connect() as connection:
            registry = institutions.version(connection)
        if self._engine is None:
            self._engine = open_engine(self._settings)
        report = update(self._database, self._engine, self._settings)
        self._registry, self._tidied = registry, time.monotonic()
        self._edited_first = self._tidied
        if self._rest:
            log.info("the engine is back", away_s=round(time.monotonic() - self._away_since))
            self._rest = 0.0
        if report.written or report.deleted or report.merged.records or report.rebuilt:
            log.info(
                "indexed", generation=report.generation, merged=report.merged.records, written=report.written,
                deleted=report.deleted, seconds=report.seconds, rebuilt=report.rebuilt.reason if report.rebuilt else "",
            )  # fmt: skip
        return report

    def close(self) -> None:
        """Release the engine."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None

    def _has_work(self) -> bool:
        if self._rest:
            return True
        with self._database.connect() as connection:
            registry = institutions.version(connection)
            waits = records.pending(connection, 1) or works.pending(connection, 1) or registry != self._registry
        waits = waits or time.monotonic() - self._tidied > _TIDY_S
        being_edited = self._being_edited(registry)
        return bool(waits) and not being_edited

    def _being_edited(self, registry: str) -> bool:
        now = time.monotonic()
        if registry == self._registry or not self._registry:
            self._edited_first = now
            return False
        if registry != self._edited:
            self._edited, self._edited_last = registry, now
        return now - self._edited_last < _SETTLE_S and now - self._edited_first < _LONGEST_SETTLE_S

    def _wait_for_engine(self, error: Exception) -> float:
        if not self._rest:
            self._away_since = time.monotonic()
        self._rest = min(max(self._rest * 2, _FIRST_REST_S), _LONGEST_REST_S)
        log.warning("the index cannot be written; changes wait in the store", reason=str(error), again_in_s=self._rest)
        return self._rest
