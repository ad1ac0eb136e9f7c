"""The public card of a source: how fresh what we have from it is, and what its last harvest brought.

Reasons of losses stay inside: they may name addresses or repeat what a server said to us. The address is told as its
host only.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import msgspec

from schemas.catalogue import Source
from search_api.context import Context
from search_api.views import InstitutionRef
from store import harvest_runs, quarantine, records, registrations, sources
from store.harvest_runs import RunReport


class RunView(msgspec.Struct, kw_only=True, frozen=True):
    """One harvest; ``received`` is the sum of the five counts after it."""

    status: str
    """complete, incomplete, failed, waiting or running."""
    started_at: str
    finished_at: str
    """"" = it is still going on."""
    received: int
    new: int
    changed: int
    unchanged: int
    deleted: int
    quarantined: int
    losses: int
    """How often something was known to be missing or unreadable."""
    seconds: float
    rate: float
    """Records received a second."""


class SourceCard(msgspec.Struct, kw_only=True):
    """What anybody may know of a source."""

    id: str
    protocol: str
    format: str
    institution: InstitutionRef | None
    host: str
    """Of its address; "" for a file."""
    name: str
    """What the server calls itself."""
    licence: str
    """Of the descriptions, as their institution states it; "" = not known."""
    sets: list[str]
    schedule: str
    paused: bool
    records: int
    """Living ones that can be found; what could not be read is among the quarantined."""
    deleted: int
    quarantined: int
    complete_at: str
    """When a harvest was last complete; "" = never."""
    last_run: RunView | None
    warnings: list[str] = msgspec.field(default_factory=list)


def source_card(context: Context, id_: str) -> SourceCard | None:
    """The card of a source; None when there is none with this id, or its institution has withdrawn it."""
    with context.database.connect() as connection:
        source, number = sources.get(connection, id_), sources.number_of(connection, id_)
        if source is None or number is None or registrations.is_withdrawn(connection, id_):
            return None
        state = sources.state(connection, id_)
        living, deleted = records.count_each(connection, number)
        last = harvest_runs.report(connection, id_)
        bad = quarantine.count(connection, number)
    owner = context.registry().by_id.get(source.institution)
    return SourceCard(
        id=source.id,
        protocol=source.protocol,
        format=source.format,
        institution=InstitutionRef(id=owner.id, name=owner.name) if owner else None,
        host=_host(source),
        name=state.repository_name,
        licence=source.licence,
        sets=source.sets,
        schedule=source.schedule,
        paused=source.paused,
        records=living,
        deleted=deleted,
        quarantined=bad,
        complete_at=state.last_complete_at,
        last_run=run_view(last) if last else None,
    )


def _host(source: Source) -> str:
    try:
        return urlsplit(source.location).hostname or "" if "://" in source.location else ""
    except ValueError:
        return ""


def run_view(report: RunReport) -> RunView:
    """A run as it is told; why something was lost stays inside."""
    same = ("status", "started_at", "finished_at", "received", "new", "changed", "unchanged", "deleted", "quarantined",
            "seconds", "rate")  # fmt: skip
    return RunView(**{name: getattr(report, name) for name in same}, losses=sum(loss.count for loss in report.losses))
