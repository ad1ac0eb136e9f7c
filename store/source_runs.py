"""What the schedule needs to know of every source: its latest runs, and whether one was cut off."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, ScalarSelect, func, select

from schemas.catalogue import Source
from store import leases
from store.codec import from_json
from store.sources import SourceState
from store.tables import harvest_runs, sources


class SourceRuns(msgspec.Struct, kw_only=True):
    """The latest runs of one source; times are ISO text in UTC, "" = never."""

    added_at: str = ""
    run: int = 0
    status: str = ""
    started_at: str = ""
    full_started_at: str = ""
    resume_at: str = ""
    cut_off: bool = False
    """Its latest run is noted as running, and nobody alive is at it."""
    keeps_deletions: bool = True
    """False where the server says that it does not: what vanished from it is found by whole lists only."""


def all_with_runs(connection: Connection) -> list[tuple[Source, SourceRuns]]:
    """Every source with its latest runs, in the order they were added."""
    latest, begun = harvest_runs.alias("latest"), harvest_runs.alias("begun")
    rows = connection.execute(
        select(
            sources.c.data, sources.c.state, sources.c.added_at, latest.c.id, latest.c.status, latest.c.started_at,
            latest.c.resume_at, begun.c.started_at.label("full_started_at"),
        )
        .select_from(sources)
        .outerjoin(latest, latest.c.id == _newest(full=False))
        .outerjoin(begun, begun.c.id == _newest(full=True))
        .order_by(sources.c.number)
    ).all()  # fmt: skip
    found = []
    for row in rows:
        source, state = from_json(row.data, Source), from_json(row.state, SourceState)
        runs = SourceRuns(
            added_at=row.added_at,
            run=row.id or 0,
            status=row.status or "",
            started_at=row.started_at or "",
            full_started_at=row.full_started_at or "",
            resume_at=row.resume_at or "",
            cut_off=row.status == "running" and not leases.holder(connection, leases.of_harvest(source.id)),
            keeps_deletions=source.protocol != "oai" or state.deleted_record in ("", "persistent"),
        )
        found.append((source, runs))
    return found


def _newest(*, full: bool) -> ScalarSelect[int]:
    run = harvest_runs.alias()
    query = select(func.max(run.c.id)).where(run.c.source == sources.c.number)
    return (query.where(run.c.full.is_(True)) if full else query).correlate(sources).scalar_subquery()
