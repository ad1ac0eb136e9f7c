"""What an operator has to look at: sources that fail or have long brought nothing whole, and work that nobody does."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec

from schemas.catalogue import Source
from search_api.web.wording import Wording
from store import harvest_runs, registrations, sources, watch
from store.database import Connection
from store.watch import SourceStanding

_OLD = timedelta(days=30)
_SHOWN = 50


class SickSource(msgspec.Struct, frozen=True, kw_only=True):
    """A source that needs somebody."""

    source: Source
    state: str
    """How its last harvest ended, and when."""
    complete: str
    """When it was last complete."""
    reason: str
    """The first thing that went wrong; "" = not known."""


def health_view(connection: Connection, engine: str, say: Wording, now: datetime) -> dict[str, Any]:
    """Sick sources, those that fail first, then the longest; and what waits while no worker runs."""
    standing = watch.standing(connection, engine)
    known = {source.id: source for source in sources.all_sources(connection)}
    sick = [one for one in standing.sources if _is_sick(one, now) and not known[one.id].paused]
    sick = [one for one in sick if not registrations.is_withdrawn(connection, one.id)]
    sick.sort(key=lambda one: (not one.last_failed, one.last_complete.timestamp() if one.last_complete else 0.0))
    waits = standing.unmerged + standing.unindexed
    return {
        "sick": [_view(connection, one, known[one.id], say, now) for one in sick[:_SHOWN]],
        "sick_more": max(0, len(sick) - _SHOWN),
        "sources_count": len(known),
        "idle": say("area.idle", n=waits) if waits and not standing.workers else "",
    }


def _is_sick(one: SourceStanding, now: datetime) -> bool:
    return one.last_failed or one.last_complete is None or now - one.last_complete > _OLD


def _view(connection: Connection, one: SourceStanding, source: Source, say: Wording, now: datetime) -> SickSource:
    run = harvest_runs.report(connection, one.id)
    when = run.finished_at or run.started_at if run else ""
    pieces = [say.named("run", run.status), say.ago(datetime.fromisoformat(when), now)] if run else []
    complete = say.ago(one.last_complete, now) if one.last_complete else ""
    return SickSource(
        source=source,
        state=" · ".join(pieces),
        complete=say("area.sick_complete", ago=complete) if complete else say("source_never"),
        reason=run.losses[0].reason if run and run.losses else "",
    )
