"""Opening hours as schema.org says them, turned into the OSM grammar."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from schemas.hours import MAX_LENGTH, HoursError, OpeningHours
from schemas.hours_prose import Reader
from schemas.hours_text import Understood, days_named, is_osm
from schemas.hours_week import MONTHS, Value, Week

_TIME = re.compile(r"^(?:\d{4}-\d\d-\d\d)?T?(\d{1,2}):([0-5]\d)(?::[0-5]\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?$")


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
            for specification in _specifications(item):
                _specification(specification, weekly, dated)
            texts += [text for text in _listed(item.get("openingHours")) if isinstance(text, str)]
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


def _specifications(item: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The specifications of an object, or the object itself where it is one."""
    if "opens" in item or "closes" in item or "validFrom" in item:
        return [item]
    names = ("openingHoursSpecification", "specialOpeningHoursSpecification")
    return [part for name in names for part in _listed(item.get(name)) if isinstance(part, Mapping)]


def _opening_hours_text(text: str, week: Week) -> None:
    """One string of openingHours: "Mo-Fr 09:00-17:00", "Mo-Su" (all day)."""
    if not is_osm(text):
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
        days |= days_named(plain)
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
    found = _TIME.match(str(value))
    if not found or int(found[1]) * 60 + int(found[2]) > 24 * 60:
        raise HoursError(f"{name}: {value!r} is no time; an example is 09:00", 0)
    return int(found[1]) * 60 + int(found[2])


def _valid(item: Mapping[str, Any]) -> str:
    first = item.get("validFrom") or item.get("validThrough")
    last = item.get("validThrough") or "9999-12-31"
    ends = []
    for value in (first, last):
        try:
            day = datetime.fromisoformat(str(value)).date()
        except ValueError:
            raise HoursError(f"{value!r} is no date; an example is 2026-12-24", 0) from None
        ends.append(f"{day.year} {MONTHS[day.month - 1]} {day.day:02d}")
    return ends[0] if ends[0] == ends[1] else f"{ends[0]}-{ends[1]}"
