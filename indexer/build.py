"""Full build: merges what waits, writes every work into a new generation beside the live one, and promotes it.

Searches go on meanwhile. A build that is cut off leaves the live generation as it is; the next one cleans up after it.
"""

from __future__ import annotations

import time

import msgspec

from config.settings import Settings
from indexer import generations
from indexer.documents import documents_of
from indexer.engines.base import GenerationWriter, SearchEngine
from indexer.merging.merge import MergeReport, Progress, merge_pending
from store import columns, columns_follow, works
from store import generations as generation_rows
from store.column_changes import registry_digest
from store.database import Database
from store.dating import date_changes
from store.institutions import Resolver, all_institutions
from store.leases import held

LEASE = "index"
"""Name of the lease under which works and the index are changed: one at a time."""


class BuildReport(msgspec.Struct, kw_only=True):
    """What a build did."""

    generation: str
    works: int
    holdings: int
    seconds: float
    merged: MergeReport
    reason: str = ""
    """Why all was built anew when only an update was asked for."""


def rebuild(
    database: Database, engine: SearchEngine, settings: Settings, on_progress: Progress | None = None
) -> BuildReport:
    """Build a new generation of the index and promote it.

    Args:
        database: the store.
        engine: where to.
        settings: names the folder of the columns.
        on_progress: told (stage, done, total).

    Raises:
        EngineError: the engine cannot do it; the live generation is as it was.
        LeaseTakenError: another process is indexing.
    """
    with held(database, LEASE):
        report = build(database, engine, settings, merge_pending(database, on_progress), on_progress)
        date_changes(database, settings.columns_home, on_progress)
        return report


def build(
    database: Database,
    engine: SearchEngine,
    settings: Settings,
    merged: MergeReport,
    on_progress: Progress | None = None,
    reason: str = "",
) -> BuildReport:
    """The build itself, once records are merged; call it under the lease."""
    began = time.monotonic()
    name = generations.new_name()
    id_ = generations.begin(database, engine, name)
    writer = engine.open_generation(name)
    try:
        registry = _write_all(database, writer, on_progress)
        count = writer.finish()
    except BaseException:
        writer.abandon()
        raise
    columns_follow.keep(database, settings.columns_home)
    holdings = columns.rebuild(database, settings.columns_home)
    engine.promote(name)
    with database.begin() as connection:
        generation_rows.promoted(connection, id_, count)
        generations.note_registry(connection, registry)
        works.clear_pending(connection)
    generations.clean(database, engine)
    seconds = round(time.monotonic() - began, 3)
    return BuildReport(generation=name, works=count, holdings=holdings, seconds=seconds, merged=merged, reason=reason)


def _write_all(database: Database, writer: GenerationWriter, on_progress: Progress | None) -> str:
    """Write all works; returns which registry placed their holdings."""
    done = 0
    with database.connect() as connection:
        registry = registry_digest(connection)
        resolver = Resolver(all_institutions(connection))
        total = works.count(connection)
        for batch in works.iterate(connection):
            writer.add(documents_of(connection, batch, resolver))
            done += len(batch)
            if on_progress:
                on_progress("index", done, total)
    return registry
