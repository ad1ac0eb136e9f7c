"""The one line that matters, in pieces: available or not, open or not, how far. Icon and words, never colour alone."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, cast

import msgspec

from schemas.answer import Best
from schemas.catalogue import State
from search_api.renderers.states import told
from search_api.views import InstitutionEntry
from search_api.web.wording import Times, Wording

Tone = Literal["good", "part", "bad", "none", "plain"]
_TONES: dict[str, Tone] = {
    "available": "good", "limited": "part", "expected": "part", "unavailable": "bad", "unknown": "none",
}  # fmt: skip


_FAR_MIN = 24 * 60
"""Beyond that nobody sets out: the distance alone is told."""


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of the line."""

    icon: str
    text: str
    tone: Tone = "plain"
    note: str = ""


def availability(
    say: Wording,
    *,
    state: str,
    service: str | None,
    due: str,
    checked_at: datetime | None,
    times: Times,
) -> Fact:
    """Whether the copy can be had. A stale status is shown as a question with its age, never as plain available."""
    today = times.now.astimezone(checked_at.tzinfo if checked_at else times.asked.tzinfo).date()
    keys = [f"state_{state}_due"] if due and state in ("expected", "unavailable") else []
    if keys and say.is_past(due, today):
        keys.insert(0, f"state_{state}_overdue")
    keys += [f"state_{state}_{service}"] if service else []
    words = say.either(*keys, f"state_{state}", day=say.due(due, today))
    age = say.ago(checked_at, times.now) if checked_at else ""
    if state == "unknown":
        return Fact(icon="unknown", text=words, tone="none", note=say("last_checked", ago=age) if age else "")
    if told(cast("State", state), checked_at, times.later) == "unknown":
        return Fact(icon="unknown", text=say("state_stale", state=words, ago=age or say("checked_never")), tone="none")
    note = say("checked", ago=age) if age else ""
    return Fact(icon=state, text=words, tone=_TONES[state], note=note)


def opening(say: Wording, place: Best | InstitutionEntry, times: Times) -> Fact:
    """Whether the place is open when the asker gets there. Times are the place's own."""
    note = say("doubtful_day") if place.doubtful_day else ""
    if place.open == "open":
        words = say("open_until", time=say.clock(place.open_until, times)) if place.open_until else say("open_now")
        return Fact(icon="clock", text=words, tone="part" if note else "good", note=note)
    if place.open == "closed":
        words = say("closed_opens", time=say.clock(place.opens_at, times)) if place.opens_at else say("closed")
        return Fact(icon="closed", text=words, tone="bad", note=note)
    return Fact(icon="unknown", text=say("hours_unknown"), tone="none")


def distance(say: Wording, *, km: float | None, minutes: int | None, mode: str, asked: bool) -> Fact | None:
    """How far it is; None when nobody said from where."""
    if km is None:
        return Fact(icon="unknown", text=say("distance_unknown"), tone="none") if asked else None
    if minutes is None or minutes > _FAR_MIN:
        return Fact(icon="pin", text=say("distance_only", km=say.distance(km)))
    return Fact(icon=mode, text=say(f"distance_{mode}", km=say.distance(km), min=say.duration(minutes)))
