"""What every search of a process shares: settings, store, engine, clock, and the caches of registry and columns."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from config.settings import Settings
from indexer.engines import open_engine
from indexer.engines.base import SearchEngine
from search_api.geocoder import Geocoder
from search_api.ranking.editions import Editions
from search_api.registry import Registry
from store import institutions
from store.columns import Columns
from store.columns_follow import Follower
from store.database import Database, StoreError, open_database

log = structlog.stdlib.get_logger("lampway.context")
POLL_S = 0.25
"""How often a process looks for facts, columns and institutions that others have changed: they show within a second."""


class Context:
    """Open it with ``open_context`` at an entry point, pass it on, close it at the end. Safe to share by threads."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        engine: SearchEngine,
        clock: Callable[[], datetime],
        geocoder: Geocoder | None = None,
    ) -> None:
        self.settings, self.database, self.engine, self.clock = settings, database, engine, clock
        self.geocoder = geocoder
        """Where places are asked for that the registry does not know; None = nowhere."""
        self.editions = Editions(database)
        self._follower = Follower(database, settings.columns_home)
        self._follower.follow()
        self._columns = Columns.open(settings.columns_home, database)
        self._registry: Registry | None = None
        self._lock = threading.Lock()
        self._polled = time.monotonic()
        self._closing = threading.Event()
        self._watcher: threading.Thread | None = None

    def registry(self) -> Registry:
        """The institutions as they are now (at most POLL_S old)."""
        self._poll()
        return self._registry or self._load_registry()

    def columns(self) -> Columns:
        """The holdings as they are now (at most POLL_S old)."""
        self._poll()
        return self._columns

    def refresh(self) -> None:
        """See at once what has changed; call it in the process that changed something."""
        self._polled = time.monotonic()
        self._follower.follow()
        self._columns.refresh()
        if self._registry is not None and self._registry.version != self._version():
            self._load_registry()

    def watch(self) -> None:
        """Keep looking for changes in a thread of its own, so that no search waits for their application."""
        if self._watcher is None:
            self._watcher = threading.Thread(target=self._watch, daemon=True, name="watch for changes")
            self._watcher.start()

    def close(self) -> None:
        """Release everything."""
        self._closing.set()
        if self._watcher:
            self._watcher.join(timeout=10)
        self.engine.close()
        self.database.close()

    def _poll(self) -> None:
        if self._watcher is None and time.monotonic() - self._polled > POLL_S:
            self.refresh()

    def _watch(self) -> None:
        away_since = 0.0
        while not self._closing.wait(POLL_S):
            try:
                self.refresh()
            # A database that is busy or away now must not end the watch: the next round catches up.
            except StoreError as error:
                if not away_since:
                    log.warning("changes cannot be read; searches use what is known", reason=str(error))
            except Exception:
                if not away_since:
                    log.exception("changes cannot be read; searches use what is known")
            else:
                if away_since:
                    log.info("changes are read again", away_s=round(time.monotonic() - away_since))
                away_since = 0.0
                continue
            away_since = away_since or time.monotonic()

    def _version(self) -> str:
        with self.database.connect() as connection:
            return institutions.version(connection)

    def _load_registry(self) -> Registry:
        with self._lock:
            with self.database.connect() as connection:
                version, rows = institutions.version(connection), institutions.all_institutions(connection)
                highest = institutions.highest(connection)
            if self._registry is None or self._registry.version != version:
                self._registry = Registry(rows, version, self.clock(), highest)
            return self._registry


def open_context(
    settings: Settings, *, clock: Callable[[], datetime] | None = None, geocoder: Geocoder | None = None
) -> Context:
    """Open store, columns and engine.

    Args:
        settings: of this process.
        clock: gives the time, zone aware; the real one when None.
        geocoder: finds places by name; the one of the settings, if any, when None.

    Raises:
        StoreError: the database cannot be opened.
        EngineError: the settings name no engine that can be used.
    """
    database = open_database(settings.database)
    try:
        places = geocoder or Geocoder.from_settings(settings)
        return Context(settings, database, open_engine(settings), clock or (lambda: datetime.now(UTC)), places)
    except BaseException:
        database.close()
        raise
