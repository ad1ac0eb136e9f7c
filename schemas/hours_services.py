"""Hours of single services of a place: reading room, desk, self-service, and the last moment at which one is let in."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta

import msgspec

from schemas.hours import HoursError, OpeningHours, parse_for
from schemas.institution import Institution, ServicePoint

LAST_ENTRY = "last_entry"
_BEFORE_CLOSING = re.compile(r"^-(\d{1,2}):([0-5]\d)$")
_CLOCK = re.compile(r"^([01]?\d|2[0-3]):([0-5]\d)$")


def service_point(institution: Institution, name: str) -> ServicePoint | None:
    """The service point of that name."""
    return next((point for point in institution.service_points if point.name == name), None)


def of_service_point(institution: Institution, name: str) -> OpeningHours | None:
    """The hours of a service point, under the institution's exceptions; None = unknown or unreadable.

    A place that is shut for good has no open service.
    """
    point = service_point(institution, name)
    if institution.closed:
        return OpeningHours.parse("off", timezone="UTC")
    if point is None or name == LAST_ENTRY or not point.hours.strip():
        return None
    try:
        return parse_for(institution, point.hours)
    except HoursError:
        return None


def last_entry(institution: Institution, closes: datetime) -> datetime | None:
    """The last moment at which one is let in, for a place that closes at ``closes`` (aware); None = until it closes.

    "-00:30" means half an hour before closing, "16:30" that time of the day on which it closes (or of the day before,
    when it closes after midnight), an expression ("Mo-Fr 09:00-16:30; Sa 09:00-12:30") the end of its last hours.

    Raises:
        HoursError: The service point's text is none of these.
    """
    point = service_point(institution, LAST_ENTRY)
    if point is None or not point.hours.strip():
        return None
    before = _BEFORE_CLOSING.match(point.hours.strip().replace("−", "-").replace("–", "-"))
    if before:
        earlier = closes.astimezone(UTC) - timedelta(hours=int(before[1]), minutes=int(before[2]))
        return earlier.astimezone(closes.tzinfo)
    clock = _CLOCK.match(point.hours.strip())
    if clock:
        entry = datetime.combine(closes.date(), time(int(clock[1]), int(clock[2])), tzinfo=closes.tzinfo)
        return entry if entry <= closes else entry - timedelta(days=1)
    try:
        hours = parse_for(institution, point.hours)
    except HoursError as error:
        raise HoursError(f"last entry {point.hours!r}: write -00:30 (before closing), 16:30 or hours", 0) from error
    ends = [span.end for span in hours.spans(closes - timedelta(days=1), closes) if span.state == "open"]
    return ends[-1].astimezone(closes.tzinfo) if ends else None


def problems_of(institution: Institution) -> list[HoursError]:
    """What cannot be read in the hours of an institution's service points, each with the name of the point."""
    found: list[HoursError] = []
    if not institution.timezone and institution.lat is None:
        institution = msgspec.structs.replace(institution, timezone="UTC")  # a missing zone is no fault of the hours
    for point in institution.service_points:
        try:
            if point.name == LAST_ENTRY:
                last_entry(institution, datetime(2026, 11, 2, 17, tzinfo=UTC))
            elif point.hours.strip():
                parse_for(institution, point.hours)
        except HoursError as error:
            found.append(HoursError(f"{point.name}: {error}", error.position))
    return found
