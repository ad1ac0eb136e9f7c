"""Opening hours as people and other programs write them, turned into the OSM grammar, with a preview for a person."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from schemas.hours import MAX_LENGTH, HoursError, OpeningHours
from schemas.hours_prose import HOLIDAYS, Reader, Value, Week
from schemas.hours_rules import normalised
from schemas.hours_words import WEEK, tokens

_BLANK = re.compile(r"^[\s\-–—./n]*$|^n/?a$", re.IGNORECASE)
_CLOCK_TIME = re.compile(r"^(?:\d{4}-\d\d-\d\d)?T?(\d{1,2}):([0-5]\d)(?::[0-5]\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?$")


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
        raise HoursError(f"longer than {MAX_LENGTH} characters", MAX_LENGTH)
    week = Week()
    try:
        Reader(text, week, language).read()
        understood = _understood(week)
    except HoursError:
        understood = None
        if not _is_osm(text):
            raise
    if (understood is None or week.ignored) and _is_osm(text):
        return Understood(normalised(text).strip(), ("already in the grammar of OSM",))
    assert understood is not None  # noqa: S101 - else it was raised above
    return understood


def _is_osm(text: str) -> bool:
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
        days = _days_named(name)
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
def _days_named(name: str) -> frozenset[int]:
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
        raise HoursError("nothing in it says when it is open", 0)
    OpeningHours.parse(expression, timezone="UTC")
    ignored = [f"passed over: {' '.join(dict.fromkeys(week.ignored))}"] if week.ignored else []
    return Understood(expression, (*dict.fromkeys(week.assumed), *ignored), week.confidence())


def from_schema_org(value: Any) -> Understood:
    """Hours from schema.org: an object with openingHours and openingHoursSpecification, or the value of either.

    Special hours (``specialOpeningHoursSpecification``, or ``validFrom`` to ``validThrough``) come last, so they win.

    Raises:
        HoursError: Nothing in it are opening hours, or one of them cannot be read.
    """
    texts: list[str] = []
    weekly, dated = Week(), list[str]()
    for item in _listed(value):
        if isinstance(item, str):
            texts.append(item)
        elif isinstance(item, Mapping):
            if "opens" in item or "closes" in item or "validFrom" in item:
                _specification(item, weekly, dated)
                continue
            texts += [text for text in _listed(item.get("openingHours")) if isinstance(text, str)]
            for name in ("openingHoursSpecification", "specialOpeningHoursSpecification"):
                for part in _listed(item.get(name)):
                    if isinstance(part, Mapping):
                        _specification(part, weekly, dated)
        else:
            raise HoursError(f"opening hours are text or an object, not {type(item).__name__}", 0)
    for text in texts:
        if len(text) > MAX_LENGTH:
            raise HoursError(f"longer than {MAX_LENGTH} characters", MAX_LENGTH)
        _opening_hours_text(text, weekly)
    parts = [part for part in (weekly.expression() if weekly.seasons else "", *dated) if part]
    if not parts:
        raise HoursError("no openingHours and no openingHoursSpecification", 0)
    expression = "; ".join(parts)
    OpeningHours.parse(expression, timezone="UTC")
    return Understood(expression, tuple(dict.fromkeys(weekly.assumed)), weekly.confidence())


def _opening_hours_text(text: str, week: Week) -> None:
    """One string of openingHours: "Mo-Fr 09:00-17:00", "Mo-Su" (all day)."""
    if not _is_osm(text):
        week.assumed.append(f"not in schema.org's form, read as prose: {text!r}")
    Reader(text if re.search(r"\d", text) else f"{text} 00:00-24:00", week, "en").read()


def _listed(value: Any) -> Iterable[Any]:
    if value is None:
        return []
    return value if isinstance(value, Sequence) and not isinstance(value, str) else [value]


def _specification(item: Mapping[str, Any], week: Week, dated: list[str]) -> None:
    days: set[int] = set()
    for day in _listed(item.get("dayOfWeek")):
        name = day.get("@id") or day.get("name") if isinstance(day, Mapping) else day
        plain = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", str(name).rstrip("/").rsplit("/", 1)[-1].rsplit("#", 1)[-1])
        days |= _days_named(plain)
    value = _opens(item)
    if item.get("validFrom") or item.get("validThrough"):
        selector = _valid(item)
        only = _week_of({"": dict.fromkeys(sorted(days), value)}).expression() if days else str(value)
        dated += [f"{selector} {rule}" for rule in only.split("; ")]
    else:
        if not days:
            week.assumed.append("no day is named: every day")
        week.put(days or set(range(7)), value)


def _week_of(seasons: dict[str, dict[int, Value]]) -> Week:
    week = Week()
    week.seasons = seasons
    return week


def _opens(item: Mapping[str, Any]) -> Value:
    """The hours of a specification; 00:00 to 00:00, or neither, is closed; 23:59 is midnight."""
    opens, closes = (_minutes(item.get(name), name) for name in ("opens", "closes"))
    if opens is None and closes is None:
        return Value()
    if opens is None or closes is None:
        raise HoursError("opens and closes belong together", 0)
    if opens == closes == 0:
        return Value()
    return Value(((opens, 24 * 60 if closes in (0, 24 * 60 - 1) else closes),))


def _minutes(value: Any, name: str) -> int | None:
    if value is None or value == "":
        return None
    found = re.match(
        r"^(?:\d{4}-\d\d-\d\d)?T?(\d{1,2}):([0-5]\d)(?::[0-5]\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?$", str(value)
    )
    if not found or int(found[1]) * 60 + int(found[2]) > 24 * 60:
        raise HoursError(f"{name}: {value!r} is no time; an example is 09:00", 0)
    return int(found[1]) * 60 + int(found[2])


def _valid(item: Mapping[str, Any]) -> str:
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    first = item.get("validFrom") or item.get("validThrough")
    last = item.get("validThrough") or "9999-12-31"
    ends = []
    for value in (first, last):
        try:
            day = datetime.fromisoformat(str(value)).date()
        except ValueError:
            raise HoursError(f"{value!r} is no date; an example is 2026-12-24", 0) from None
        ends.append(f"{day.year} {months[day.month - 1]} {day.day:02d}")
    return ends[0] if ends[0] == ends[1] else f"{ends[0]}-{ends[1]}"


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
    start = (first or datetime(2026, 11, 2, tzinfo=UTC)).astimezone(hours.clock.zone) if first else None
    begin = start or datetime(2026, 11, 2, tzinfo=hours.clock.zone)
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
