"""Hours of single services of a place: reading room, desk, self-service, and until when one is let in."""

from __future__ import annotations

import re
from typing import NamedTuple

import msgspec

from schemas.hours import HoursError, parse_for
from schemas.institution import Institution

LAST_ENTRY = "last_entry"
_BEFORE_CLOSING = re.compile(r"-(\d{1,2}):([0-5]\d)")
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_DASHES = str.maketrans("\u2212\u2013", "--")
_MORNING = 6
"""A last entry before this hour belongs to the evening before."""


class LastEntry(NamedTuple):
    """Until when one is let in; without either, until the place closes."""

    before_closing_s: int = 0
    """Seconds before it closes."""
    hours: str = ""
    """An expression: the hours in which one is let in."""


def last_entry(institution: Institution) -> LastEntry:
    """The last entry of a place, as its service point of that name gives it.

    "-00:30" means half an hour before closing, "16:30" that time of the day (or of the night after), anything else is
    an expression ("Mo-Fr 09:00-16:30; Sa 09:00-12:30").
    """
    text = next((point.hours for point in institution.service_points if point.name == LAST_ENTRY), "")
    text = text.strip().translate(_DASHES)
    if before := _BEFORE_CLOSING.fullmatch(text):
        return LastEntry(before_closing_s=int(before[1]) * 3600 + int(before[2]) * 60)
    if clock := _CLOCK.fullmatch(text):
        hour, minute = int(clock[1]), clock[2]
        early = f"{_MORNING:02d}:00-{hour + 24}:{minute}"
        return LastEntry(hours=early if hour < _MORNING else f"00:00-{hour:02d}:{minute}")
    return LastEntry(hours=text)


def problems_of(institution: Institution) -> list[HoursError]:
    """What cannot be read in the hours of an institution's service points, each with the name of the point."""
    found: list[HoursError] = []
    if not institution.timezone and institution.lat is None:
        institution = msgspec.structs.replace(institution, timezone="UTC")  # a missing zone is no fault of the hours
    for point in institution.service_points:
        hours, hint = point.hours.strip(), ""
        if point.name == LAST_ENTRY:
            hours, hint = last_entry(institution).hours, "; write -00:30 (before closing), 16:30 or hours"
        try:
            if hours:
                parse_for(institution, hours)
        except HoursError as error:
            found.append(HoursError(f"{point.name}: {hours!r}: {error}{hint}", error.position))
    return found
