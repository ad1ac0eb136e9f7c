"""What an operator watches, read in a few statements: outboxes, how each source stands, the age of the index."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import Connection, func, select

from store import generations, lease_rows, records, registrations, works
from store.codec import from_json
from store.holdings import moment
from store.sources import SourceState
from store.tables import harvest_runs, quarantine, sources


class SourceStanding(msgspec.Struct, frozen=True, kw_only=True):
    """How one source stands."""

    id: str
    last_complete: datetime | None
    """End of the last run that got everything."""
    waiting: bool
    """Removals wait for a person's decision."""
    last_failed: bool
    quarantined: int
    """Records that cannot be read."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How the whole stands."""

    unmerged: int
    """Records that wait to be merged."""
    unindexed: int
    """Works that wait to be written to the engine."""
    workers: int
    """Living ``lampway worker`` processes."""
    promoted: datetime | None
    """When the live generation was built."""
    registrations_waiting: int
    """Registrations that are proven and wait for an operator's word."""
    sources: list[SourceStanding]


def standing(connection: Connection, engine: str) -> Standing:
    """Read it all; costs a few milliseconds and one pass over the quarantine."""
    live = generations.live(connection, engine)
    workers = [row for row in lease_rows.all_leases(connection) if row.name.startswith("worker ") and row.alive]
    return Standing(
        unmerged=records.count_pending(connection),
        unindexed=works.count_pending(connection),
        workers=len(workers),
        promoted=moment(live.promoted_at) if live and live.promoted_at else None,
        registrations_waiting=registrations.counts(connection).get("proven", 0),
        sources=_sources(connection),
    )


def _sources(connection: Connection) -> list[SourceStanding]:
    broken = {
        number: int(count)
        for number, count in connection.execute(
            select(quarantine.c.source, func.count(quarantine.c.record.distinct())).group_by(quarantine.c.source)
        )
    }
    latest = select(func.max(harvest_runs.c.id)).group_by(harvest_runs.c.source)
    ended = select(harvest_runs.c.source, harvest_runs.c.status).where(harvest_runs.c.id.in_(latest))
    statuses = {source: str(status) for source, status in connection.execute(ended)}
    found = []
    for row in connection.execute(select(sources.c.number, sources.c.id, sources.c.state).order_by(sources.c.number)):
        state = from_json(row.state, SourceState)
        found.append(
            SourceStanding(
                id=row.id,
                last_complete=moment(state.last_complete_at) if state.last_complete_at else None,
                waiting=bool(state.waits_on_run),
                last_failed=statuses.get(row.number) == "failed",
                quarantined=broken.get(row.number, 0),
            )
        )
    return found
