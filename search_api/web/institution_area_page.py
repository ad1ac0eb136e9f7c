"""What the area of an institution shows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from schemas.institution import Institution
from search_api.accounts import tenancy
from search_api.accounts.actor import Actor
from search_api.accounts.tenancy import OwnSource
from search_api.web.wording import Wording
from store import accounts, audit, harvest_runs, raw_records, records, registrations
from store.database import Connection

_NAMED, _LINES = 10, 100
"""Titles of records that would be removed; lines of the audit on a page."""
_COUNTS = ("received", "new", "changed", "unchanged", "deleted", "quarantined")


def area_view(
    connection: Connection, place: Institution, ids: set[str], actor: Actor, say: Wording, now: datetime
) -> dict[str, Any]:
    """Sources, keys and people; what the person may not manage is left out."""
    parent = place.parent
    may = {name: actor.may(name, place.id, parent) for name in ("sources:manage", "keys:manage", "members:manage")}
    keys = tenancy.keys_of(connection, ids) if may["keys:manage"] else []
    people = accounts.members_of(connection, place.id) if may["members:manage"] else []
    return {
        "may": may,
        "sources": [source_view(own, say, now) for own in tenancy.sources_of(connection, ids)],
        "keys": [
            {
                "key": key,
                "made": say.ago(datetime.fromisoformat(key.created_at), now),
                "used": say.ago(datetime.fromisoformat(key.last_used_at), now)
                if key.last_used_at
                else say("area.never"),
                "ends": say("area.key_ends", date=say.day(datetime.fromisoformat(key.expires_at).date()))
                if key.expires_at
                else "",
            }
            for key in keys
        ],
        "people": [(account, say(f"accounts.role_{membership.role}")) for account, membership in people],
    }


def source_view(own: OwnSource, say: Wording, now: datetime) -> dict[str, Any]:
    """One source with its last run."""
    run = own.last
    return {
        "source": own.source,
        "shown": own.source.location if "://" in own.source.location else say("register.your_file"),
        "waits": own.waits_on_run,
        "run": run,
        "fine": run is not None and run.status == "complete",
        "state": say.named("run", run.status) if run else say("source_never"),
        "when": say.ago(datetime.fromisoformat(run.finished_at or run.started_at), now) if run else "",
        "counts": [(say(f"run_{name}"), say.number(getattr(run, name))) for name in _COUNTS] if run else [],
        "asked": bool(own.source.wanted_at and (run is None or own.source.wanted_at > run.started_at)),
    }


def removals_view(connection: Connection, number: int, run: int) -> dict[str, Any]:
    """What a run that waits would remove: how many, and the titles of the first; empty where none waits."""
    waiting = harvest_runs.report(connection, str(run)) if run else None
    if waiting is None:
        return {}
    deleted = raw_records.buried_alive(connection, number)
    unlisted = raw_records.vanished(connection, number, waiting.unlisted_since) if waiting.unlisted_since else []
    rows = [*deleted, *unlisted]
    found = records.by_ids(connection, rows[:_NAMED])
    named = [found[row].title or found[row].record for row in rows[:_NAMED] if row in found]
    return {
        "count": len(rows), "deleted": len(deleted), "unlisted": len(unlisted), "named": named,
        "more": len(rows) - len(named), "living": records.count_live(connection, number),
    }  # fmt: skip


def audit_view(connection: Connection, before: str, institutions: set[str] | None = None) -> dict[str, Any]:
    """A page of the audit. ``before``: number of a line, as the address has it; ``institutions``: None = all."""
    start = int(before) if before.isascii() and before.isdecimal() and len(before) < 16 else 0
    lines = audit.read(connection, institutions=institutions, before=start, limit=_LINES + 1)
    return {"lines": lines[:_LINES], "more": len(lines) > _LINES}


def registrations_by(connection: Connection, *states: Any) -> list[Any]:
    """Registrations that wait in some states, with who made them."""
    found = registrations.in_state(connection, *states)
    return [(row, accounts.get(connection, row.account)) for row in found]
