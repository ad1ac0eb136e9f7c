"""From which moment to ask: the server's own clock, an overlap, its granularity."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

OVERLAP = timedelta(days=1)
"""Servers show changes later than their datestamps say, and clocks differ; what comes twice is recognised by hash."""
SHORTEST = timedelta(minutes=10)
LONGEST = timedelta(days=30)
"""A record that comes later than this after its datestamp was not shown late: the list became another one."""
_QUIET_RUNS = 3
_FIRST_YEAR = 1000


def learned(overlap_s: float, quiet: int, *, fresh: int, latest_s: float) -> tuple[float, int]:
    """The overlap for the next run, from what this one found.

    A change that came after its time makes it at least twice as long as that took, and never less than the day it
    started with; three runs in a row with changes and none of them late make it half as long.

    Args:
        overlap_s: seconds until now; 0 = nothing was learned yet.
        quiet: runs in a row without a late change.
        fresh: new or changed records of this run.
        latest_s: seconds by which the latest of them was late: its datestamp is so far before the high-water mark.

    Returns:
        (seconds, quiet runs).
    """
    overlap = timedelta(seconds=overlap_s) if overlap_s else OVERLAP
    late = timedelta(seconds=latest_s)
    if timedelta(0) < late <= LONGEST:
        return min(max(2 * late, overlap, OVERLAP), LONGEST).total_seconds(), 0
    if not fresh:
        return overlap.total_seconds(), quiet
    if quiet + 1 >= _QUIET_RUNS:
        return max(overlap / 2, SHORTEST).total_seconds(), 0
    return overlap.total_seconds(), quiet + 1


def lateness(datestamp: str, mark: str) -> float:
    """Seconds by which a datestamp lies before a high-water mark; 0 when it does not, or nobody can say."""
    stamp, moment = parse_stamp(datestamp), parse_stamp(mark)
    if stamp is None or moment is None or stamp >= moment:
        return 0.0
    if len(datestamp) == 10:  # only a day: it may have been its last second
        stamp += timedelta(days=1)
    return max(0.0, (moment - stamp).total_seconds())


def parse_stamp(text: str) -> datetime | None:
    """A datestamp as servers write it (fractions, no zone, only a day); None when it is none. Without zone: UTC.

    The first and last years that there are mean "not known" (a program's zero), and no calendar reckons beyond them.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    if not _FIRST_YEAR <= moment.year < datetime.max.year:
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


def set_back(mark: str, response_date: str, elapsed: timedelta) -> timedelta:
    """By how much a server's clock was set back since it gave a high-water mark; 0 when it was not, or nobody can say.

    What changed since then bears datestamps from before the mark.

    Args:
        mark: high-water mark of the last complete run.
        response_date: the server's time now.
        elapsed: since that run, by our clock.
    """
    before, now = parse_stamp(mark), parse_stamp(response_date)
    if before is None or now is None:
        return timedelta(0)
    return max(before + elapsed - now, timedelta(0))


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
    bound = moment - (max(overlap, OVERLAP) if by_day else overlap)
    first = parse_stamp(earliest) if earliest else None
    if first is not None and first > bound:
        if first > moment:  # a server that claims to begin after our last visit does not know
            return ""
        bound = first
    return bound.astimezone(UTC).strftime("%Y-%m-%d" if by_day else "%Y-%m-%dT%H:%M:%SZ")
