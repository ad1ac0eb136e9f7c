"""The form of an institution's entry: its hours, special days, position and contact, as they are typed and shown."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import msgspec

from schemas.geo import parse_point
from schemas.institution import HoursException, Institution
from search_api.web.forms import Form
from search_api.web.wording import Wording

TEXTS = ("opening_hours", "address", "city", "postcode", "phone", "email", "url", "description")
LONG = ("opening_hours", "description")
"""Texts of several lines."""
_MOST_DAYS, _EMPTY_ROWS = 36, 3
_PARTS = ("first", "last", "hours", "note")
_SHUT = ("off", "closed")


class DayRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row for a special day or a span of them; ``hours`` empty = closed."""

    number: int
    first: str = ""
    last: str = ""
    hours: str = ""
    note: str = ""


def entry_view(place: Institution, form: Form, today: date) -> dict[str, Any]:
    """What the form shows: what was typed where something is wrong with it, else the entry as it is."""
    shown, _ = _shown(place, today)
    rows = [
        DayRow(number=n, first=one.first, last=one.last, hours="" if one.hours in _SHUT else one.hours, note=one.note)
        for n, one in enumerate(shown, 1)
    ]
    values = {name: getattr(place, name) for name in TEXTS}
    values["position"] = "" if place.lat is None or place.lon is None else f"{place.lat},{place.lon}"
    if form.wrong and "opening_hours" in form.fields:
        values = {name: form[name] for name in values}
        rows = [row for row in _typed(form) if _says(row)]
    rows += [DayRow(number=len(rows) + n) for n in range(1, _EMPTY_ROWS + 1)]
    return {"values": values, "days": [msgspec.structs.replace(row, number=n) for n, row in enumerate(rows, 1)]}


def given_of(form: Form, old: Institution, today: date, say: Wording) -> dict[str, Any]:
    """The values that the form gives, for ``schemas.institution_edit.change``; what is no value is told in the form.

    Special days that are over are not in the form, and stay.
    """
    given: dict[str, Any] = {name: form[name].replace("\r\n", "\n") for name in TEXTS if name in form.fields}
    if "opening_hours" in given:
        given["opening_hours"] = " ".join(given["opening_hours"].split())
    if "position" in form.fields:
        point = parse_point(form["position"])
        if form["position"] and point is None:
            form.wrong["position"] = say("register.position_wrong")
        given |= {"lat": point.lat if point else None, "lon": point.lon if point else None}
    if "first-1" in form.fields:
        rows = [row for row in _typed(form) if _says(row)]
        if any(not row.first for row in rows):
            form.wrong["exceptions"] = say("area.day_needed")
        _, kept = _shown(old, today)
        given["exceptions"] = [
            *({name: getattr(one, name) for name in _PARTS} for one in kept),
            *({name: getattr(row, name) for name in _PARTS} | {"hours": row.hours or "off"} for row in rows),
        ]
    return given


def changes(old: Institution, new: Institution, names: Iterable[str]) -> dict[str, str]:
    """What an edit has changed, as the audit tells it."""
    return {
        name: f"{_line(getattr(old, name))} → {_line(getattr(new, name))}"[:300]
        for name in names
        if getattr(old, name) != getattr(new, name)
    }


def field_of(name: str) -> str:
    """The field of the form in which a value of the entry is typed."""
    return "position" if name in ("lat", "lon") else name


def _line(value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(" ".join(filter(None, (one.first, one.last, one.hours, one.note))) for one in value)
    return "" if value is None else str(value)


def _shown(place: Institution, today: date) -> tuple[list[HoursException], list[HoursException]]:
    """Special days that the form shows, the next first, and those that it leaves alone."""
    coming = sorted((e for e in place.exceptions if (e.last or e.first) >= today.isoformat()), key=lambda e: e.first)
    return coming[:_MOST_DAYS], [e for e in place.exceptions if e not in coming[:_MOST_DAYS]]


def _typed(form: Form) -> list[DayRow]:
    numbers = [n for n in range(1, _MOST_DAYS + _EMPTY_ROWS + 1) if f"first-{n}" in form.fields]
    return [DayRow(number=n, **{part: form[f"{part}-{n}"] for part in _PARTS}) for n in numbers]


def _says(row: DayRow) -> bool:
    return any(getattr(row, part) for part in _PARTS)
