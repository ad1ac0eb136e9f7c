"""What the area of an institution shows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from schemas.institution import Institution
from search_api.accounts import tenancy
from search_api.accounts.actor import Actor
from search_api.accounts.tenancy import OwnSource
from search_api.web.wording import Wording
from store import accounts, registrations
from store.database import Connection

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


def registrations_by(connection: Connection, *states: Any) -> list[Any]:
    """Registrations that wait in some states, with who made them."""
    found = registrations.in_state(connection, *states)
    return [(row, accounts.get(connection, row.account)) for row in found]
