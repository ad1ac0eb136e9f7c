"""The card of a source as a page."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from search_api.sources import RunView, SourceCard
from search_api.web.wording import Wording

_COUNTS = ("new", "changed", "unchanged", "deleted", "quarantined")


def source_page_view(card: SourceCard, say: Wording, now: datetime) -> dict[str, Any]:
    """What the template shows of a source."""
    run = card.last_run
    return {
        "card": card,
        "complete": _moment(card.complete_at, say, now) if card.complete_at else say("source_never"),
        "numbers": [
            (say(f"source_{name}"), say.number(getattr(card, name))) for name in ("records", "deleted", "quarantined")
        ],
        "run": _run(run, say, now) if run else None,
    }


def _run(run: RunView, say: Wording, now: datetime) -> dict[str, Any]:
    return {
        "status": say.named("run", run.status),
        "fine": run.status == "complete",
        "when": _moment(run.finished_at or run.started_at, say, now),
        "took": say.duration(max(1, round(run.seconds / 60)))
        if run.seconds >= 60
        else say("seconds", n=round(run.seconds)),
        "rate": say.number(round(run.rate)),
        "counts": [(say(f"run_{name}"), say.number(getattr(run, name))) for name in _COUNTS],
        "received": say.number(run.received),
        "losses": run.losses,
    }


def _moment(iso: str, say: Wording, now: datetime) -> str:
    moment = datetime.fromisoformat(iso)
    return say("source_moment", day=say.day(moment.date()), time=moment.strftime("%H:%M"), ago=say.ago(moment, now))
