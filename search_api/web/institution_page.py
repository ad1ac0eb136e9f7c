"""Institutions as pages: the list with what is open now, and one with its week, contact and branches."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec

from schemas.institution import HoursException
from search_api.views import InstitutionEntry, InstitutionView, ServicePointView
from search_api.web import facts
from search_api.web.facts import Fact
from search_api.web.week import week
from search_api.web.wording import Times, Wording


class PlaceEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the list."""

    place: InstitutionEntry
    address: str
    facts: list[Fact]


def entry(place: InstitutionEntry, say: Wording, times: Times) -> PlaceEntry:
    """A line of the list: where, and whether it is open."""
    return PlaceEntry(place=place, address=address_of(place), facts=place_facts(place, say, times))


def place_facts(place: InstitutionEntry, say: Wording, times: Times) -> list[Fact]:
    """Whether it is open at the moment asked about, and how far it is."""
    if place.closed_for_good:
        return [Fact(icon="closed", text=say("closed_for_good"), tone="bad")]
    opening = facts.opening(say, place, times)
    if place.open == "open" and place.open_until is None:
        opening = Fact(icon="clock", text=say("open_always"), tone="good")
    way = facts.distance(say, km=place.distance_km, minutes=None, mode="", asked=False)
    return [opening, *([way] if way else [])]


def institution_page_view(place: InstitutionView, say: Wording, times: Times) -> dict[str, Any]:
    """What the template shows of one institution."""
    zone = next((span.start.tzinfo for day in place.week for span in day.spans), times.asked.tzinfo)
    moment, today = times.asked.astimezone(zone), times.now.astimezone(zone).date()
    return {
        "asked": say(
            "institution_at",
            weekday=say.weekday(moment.date()),
            day=say.day(moment.date(), today),
            time=moment.strftime("%H:%M"),
        ),
        "place": place,
        "facts": place_facts(place, say, times),
        "week": week(place.week, place.exceptions, today, say),
        "exceptions": [
            _exception(e, say)
            for e in sorted(place.exceptions, key=lambda e: e.first)
            if (e.last or e.first) >= today.isoformat()
        ],
        "points": [_point(point, say) for point in place.service_points],
        "address": address_of(place, place.postcode),
        "checked": _date(place.checked_on, say),
        "located": place.lat is not None and place.lon is not None,
    }


def address_of(place: InstitutionEntry, postcode: str = "") -> str:
    """Street, postcode and town in one line, nothing twice."""
    town = " ".join(part for part in (postcode, place.city) if part and part not in place.address)
    return ", ".join(part for part in (place.address, town) if part)


def _exception(exception: HoursException, say: Wording) -> str:
    days = _date(exception.first, say)
    if exception.last and exception.last != exception.first:
        days = say("date_range", first=days, last=_date(exception.last, say))
    times = say("closed_all_day") if exception.hours in ("off", "closed") else say.hours(exception.hours)
    return f"{days}{say('colon')}{times}{' · ' + exception.note if exception.note else ''}"


def _point(point: ServicePointView, say: Wording) -> dict[str, Any]:
    """A desk or room; last entry is told as minutes before closing ("-00:30")."""
    hours = say.hours(point.hours) or say("unknown_day")
    if point.hours.startswith("-"):
        hours = say("before_closing", time=point.hours.removeprefix("-"))
    key = {"open": "now_open", "closed": "now_closed"}.get(point.open, "")
    return {"name": say.named("point", point.name), "hours": hours, "now": say(key) if key else "", "note": point.note}


def _date(iso: str, say: Wording) -> str:
    try:
        return say.day(date.fromisoformat(iso))
    except ValueError:
        return iso
