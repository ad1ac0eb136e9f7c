"""From which moment to ask: the server's own clock, an overlap, its granularity."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

OVERLAP = timedelta(days=1)
"""Servers show changes later than their datestamps say, and clocks differ; what comes twice is recognised by hash."""


def parse_stamp(text: str) -> datetime | None:
    """A datestamp as servers write it (fractions, no zone, only a day); None when it is none. Without zone: UTC."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def watermark(response_date: str, began: datetime) -> str:
    """The high-water mark of a run: the date of its first answer by the server's clock, but never in our future.

    Not the newest datestamp seen: lists are in no order, and a record changed during the run would be missed.
    """
    moment = parse_stamp(response_date)
    if moment is None:
        moment = began - OVERLAP  # the server's clock is unknown: twice the overlap
    return min(moment, began).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def lower_bound(mark: str, *, by_day: bool, earliest: str = "", overlap: timedelta = OVERLAP) -> str:
    """The ``from`` of an incremental run; "" = ask for everything.

    Args:
        mark: high-water mark of the last complete run.
        by_day: the server only knows days.
        earliest: the server's earliestDatestamp; some refuse anything before it.
        overlap: how far to go back.
    """
    moment = parse_stamp(mark) if mark else None
    if moment is None:
        return ""
    bound = moment - overlap
    first = parse_stamp(earliest) if earliest else None
    if first is not None and first > bound:
        if first > moment:  # a server that claims to begin after our last visit does not know
            return ""
        bound = first
    return bound.astimezone(UTC).strftime("%Y-%m-%d" if by_day else "%Y-%m-%dT%H:%M:%SZ")
