"""Opening hours as people write them, turned into the OSM grammar, with a preview for a person."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from schemas.hours import MAX_LENGTH, HoursError, OpeningHours
from schemas.hours_prose import Reader
from schemas.hours_rules import normalised
from schemas.hours_week import HOLIDAYS, Value, Week
from schemas.hours_words import WEEK, tokens
from schemas.said import say

_BLANK = re.compile(r"^[\s\-–—./n]*$|^n/?a$", re.IGNORECASE)


class Understood(NamedTuple):
    """An expression and how it came about, for a person to look at before it counts."""

    expression: str
    notes: tuple[str, ...] = ()
    """What was assumed and what was passed over."""
    confidence: float = 1.0
    """How much of the text was understood without guessing, 0..1."""


def from_text(text: str, language: str = "") -> Understood:
    """Hours from prose: "Mon-Fri 9am-5pm, Sat 10-4", "Montag bis Freitag 9-18 Uhr", "周一至周五 9:00—17:00".

    Args:
        text: At most MAX_LENGTH characters.
        language: en, de, fr, es, it, nl, pt or zh; empty = the one that knows most of the words.

    Raises:
        HoursError: Nothing in it says when a place is open, or something that does cannot be told for sure.
    """
    if len(text) > MAX_LENGTH:
        raise HoursError(say("longer than {n} characters", n=MAX_LENGTH), MAX_LENGTH)
    week = Week()
    try:
        Reader(text, week, language).read()
        understood = _understood(week)
    except HoursError:
        understood = None
        if not is_osm(text):
            raise
    if (understood is None or week.ignored) and is_osm(text):
        return Understood(normalised(text).strip(), ("already in the grammar of OSM",))
    assert understood is not None  # noqa: S101 - else it was raised above
    return understood


def is_osm(text: str) -> bool:
    """Whether a text is hours in the grammar of OSM."""
    try:
        OpeningHours.parse(text, timezone="UTC")
    except HoursError:
        return False
    return True


def from_weekday_table(table: Mapping[str, Any]) -> Understood:
    """Hours from a table: {"monday": "09:00-17:30, 18:00-20:00", "sunday": "closed", ...}; blank = closed.

    Keys are names of days in any known language, or "public holidays"; a value is text or a list of texts. A day whose
    text cannot be read is unknown, with its text as comment.

    Raises:
        HoursError: A key is no day, all days are blank, or none can be read.
    """
    week, failed, days_given = Week(), [], set[int]()
    for name, value in table.items():
        days = days_named(name)
        days_given |= days
        text = (
            ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value if value is not None else "")
        )
        if len(text) > MAX_LENGTH:
            raise HoursError(f"{name}: longer than {MAX_LENGTH} characters", MAX_LENGTH)
        if _BLANK.match(text):
            continue
        try:
            _read_day(text, week, days)
        except HoursError as error:
            failed.append(HoursError(f"{name}: {error}", error.position))
            week.put(set(days), Value(comment=text.replace('"', "'").strip()))
            week.assumed.append(f"{name}: {error}; unknown")
    if failed and all(value.comment for value in week.seasons[""].values()):
        raise failed[0]
    if not week.seasons:
        raise HoursError("no day has hours", 0)
    missing = [WEEK[day] for day in range(7) if day not in days_given]
    if missing:
        week.assumed.append(f"not in the table, so closed: {', '.join(missing)}")
    return _understood(week)


@lru_cache(maxsize=256)
def days_named(name: str) -> frozenset[int]:
    """The days of a name in any known language, 0 = Monday.

    Raises:
        HoursError: It is no name of days.
    """
    found = [token for token in tokens(name.replace("_", " ")) if token.kind in ("days", "holidays")]
    if not found:
        raise HoursError(f"{name!r} is no day of the week", 0)
    return frozenset(day for token in found for day in ((HOLIDAYS,) if token.kind == "holidays" else token.days))


def _read_day(text: str, week: Week, days: frozenset[int]) -> None:
    probe = Week()
    Reader(text, probe).read(set(days))
    values = probe.seasons.get("")
    if probe.ignored or not values or len(probe.seasons) > 1 or set(values) != days:
        raise HoursError(f"not understood: {text!r}", 0)
    week.words += probe.words
    week.assumed += probe.assumed
    for day, value in values.items():
        week.put({day}, value)


def _understood(week: Week) -> Understood:
    expression = week.expression()
    if not expression:
        raise HoursError(say("nothing in it says when it is open"), 0)
    OpeningHours.parse(expression, timezone="UTC")
    ignored = [f"passed over: {' '.join(dict.fromkeys(week.ignored))}"] if week.ignored else []
    return Understood(expression, (*dict.fromkeys(week.assumed), *ignored), week.confidence())


def preview(expression: str, first: datetime | None = None, **place: Any) -> list[str]:
    """A week of the hours, a line a day, for a person: "Mo 09:00-12:00, 13:00-17:00", "Su closed".

    Args:
        expression: OSM opening hours.
        first: Aware; the week begins on its day. None: a Monday without holidays.
        **place: As for ``OpeningHours.parse``; without a time zone, UTC.

    Raises:
        HoursError: The expression cannot be read.
    """
    hours = OpeningHours.parse(expression, **{"timezone": "UTC"} | place)
    begin = first.astimezone(hours.clock.zone) if first else datetime(2026, 11, 2, tzinfo=hours.clock.zone)
    lines = []
    for away in range(7):
        day = begin.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=away)
        parts = []
        for span in hours.spans(day, day + timedelta(days=1)):
            if span.state != "closed":
                ending = f"{span.end:%H:%M}" if span.end < day + timedelta(days=1) else "24:00"
                words = " ".join(filter(None, ("" if span.state == "open" else span.state, span.comment)))
                parts.append(f"{span.start:%H:%M}-{ending}{f' ({words})' if words else ''}")
        lines.append(f"{WEEK[day.weekday()]} {', '.join(parts) or 'closed'}")
    return lines
