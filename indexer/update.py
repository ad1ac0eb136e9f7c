"""Incremental update: merges what waits and brings the live generation and the columns up to date with it."""

from __future__ import annotations

import time

import msgspec

from config.settings import Settings
from indexer.build import LEASE, BuildReport, build
from indexer.documents import documents_of
from indexer.engines.base import EngineError, SearchEngine
from indexer.generations import why_rebuild
from indexer.merging.merge import MergeReport, Progress, merge_pending
from store import columns, columns_follow, works
from store.database import Database
from store.dating import date_changes
from store.institutions import Resolver, all_institutions
from store.leases import held

_BATCH = 5000


class UpdateReport(msgspec.Struct, kw_only=True):
    """What an update did."""

    generation: str
    merged: MergeReport
    written: int = 0
    """Works written to the live generation."""
    deleted: int = 0
    """Works taken out of it."""
    seconds: float = 0.0
    rebuilt: BuildReport | None = None
    """When the index had to be built anew: that build, with its reason."""


def update(
    database: Database, engine: SearchEngine, settings: Settings, on_progress: Progress | None = None
) -> UpdateReport:
    """Bring the index up to date with the records; builds it anew where that is needed, and says why.

    Args:
        database: the store.
        engine: where to.
        settings: names the folder of the columns.
        on_progress: told (stage, done, total).

    Raises:
        EngineError: the engine cannot do it; what waits goes on waiting.
        LeaseTakenError: another process is indexing.
    """
    with held(database, LEASE):
        began = time.monotonic()
        merged = merge_pending(database, on_progress)
        reason = why_rebuild(database, engine)
        if reason:
            rebuilt = build(database, engine, settings, merged, on_progress, reason)
            report = UpdateReport(generation=rebuilt.generation, merged=merged, written=rebuilt.works, rebuilt=rebuilt)
        else:
            health = engine.health()
            if not health.ok:
                raise EngineError(health.message)
            report = UpdateReport(generation=health.generation, merged=merged)
            write_pending(database, engine, settings, report, on_progress)
        date_changes(database, settings.columns_home, on_progress)
        report.seconds = round(time.monotonic() - began, 3)
        return report


def write_pending(
    database: Database,
    engine: SearchEngine,
    settings: Settings,
    report: UpdateReport,
    on_progress: Progress | None = None,
) -> None:
    """Write the works that wait to the live generation and count them in the report; call it under the lease."""
    with database.connect() as connection:
        resolver = Resolver(all_institutions(connection))
        total = works.count_pending(connection)
        waiting = works.pending(connection, _BATCH)
    columns_follow.keep(database, settings.columns_home)
    if not waiting:  # facts about availability and confirmed records still reach the columns
        columns.update(database, settings.columns_home)
    while waiting:
        with database.connect() as connection:
            living = works.by_numbers(connection, waiting)
            documents = documents_of(connection, list(living.values()), resolver)
        gone = [number for number in waiting if number not in living]
        # Columns first: a work that a search finds has its holdings then.
        columns.update(database, settings.columns_home)
        engine.write(documents, gone)
        with database.begin() as connection:
            works.clear_pending(connection, waiting)
            # Beyond the last one: what stayed belongs to a source that was removed just now; the next update merges it.
            waiting = works.pending(connection, _BATCH, after=waiting[-1])
        report.written += len(documents)
        report.deleted += len(gone)
        if on_progress:
            on_progress("index", report.written + report.deleted, max(total, report.written + report.deleted))
