"""Opening hours as a sign and a list: what holds on each day of the week, and the dates on which something else does.

Made of the hours of the coming weeks as they are, so that holidays, seasons and dated exceptions are all in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta

from schemas.hours import OpeningHours, Span
from search_api.views import OpenTimes, RegularHours, SpecialHours, Timetable

DAYS = 90
_DAY = timedelta(days=1)
_ALL_DAY = OpenTimes("00:00", "23:59")
Times = tuple[OpenTimes, ...]


def timetable(hours: OpeningHours, moment: datetime, days: int = DAYS) -> Timetable:
    """The hours of a place from the day of a moment on, in its own days.

    A day on which they are not known, even in part, is told neither way; a day of the week that has such dates is told
    date by date only.
    """
    zone = hours.clock.zone
    first = moment.astimezone(zone).date()
    dates = [first + n * _DAY for n in range(days)]
    start, end = (datetime.combine(day, time.min, zone) for day in (first - _DAY, dates[-1] + 2 * _DAY))
    known = _by_date(hours.spans(start, end), dates)
    regular = _regular(known, dates)
    special = [day for day in dates if day in known and known[day] != regular.get(day.weekday())]
    return Timetable(
        first=first.isoformat(),
        last=dates[-1].isoformat(),
        regular=[
            RegularHours(days=[weekday for weekday, own in regular.items() if own == times], times=list(times))
            for times in dict.fromkeys(regular.values())
        ],
        special=_joined(special, known),
    )


def _by_date(spans: Iterable[Span], dates: list[date]) -> dict[date, Times]:
    """The times at which it opens on each date; without the dates that are not known."""
    opened: dict[date, list[OpenTimes]] = {day: [] for day in dates}
    unknown: set[date] = set()
    for span in spans:
        if span.state == "unknown":
            last = (span.end - timedelta(microseconds=1)).date()
            unknown.update(span.start.date() + n * _DAY for n in range((last - span.start.date()).days + 1))
        elif span.state == "open":
            for day, times in _pieces(span):
                if day in opened:
                    opened[day].append(times)
    return {day: tuple(times) for day, times in opened.items() if day not in unknown}


def _pieces(span: Span) -> Iterable[tuple[date, OpenTimes]]:
    """A stretch by the days on which it begins: a night belongs to its evening, what is longer is cut at midnights."""
    day, last = span.start.date(), span.end.date()
    opens, closes = span.start.strftime("%H:%M"), span.end.strftime("%H:%M")
    if day == last or (last - day == _DAY and closes < opens):
        yield day, OpenTimes(opens, closes)
        return
    yield day, _ALL_DAY if opens == "00:00" else OpenTimes(opens, "23:59")
    while (day := day + _DAY) < last:
        yield day, _ALL_DAY
    if closes != "00:00":
        yield last, OpenTimes("00:00", closes)


def _regular(known: Mapping[date, Times], dates: list[date]) -> dict[int, Times]:
    """What holds most often on each day of the week (0 = Monday); days with dates that are not known have no rule."""
    rules: dict[int, Times] = {}
    for weekday in range(7):
        own = [day for day in dates if day.weekday() == weekday]
        if own and all(day in known for day in own):
            rules[weekday] = Counter(known[day] for day in own).most_common(1)[0][0]
    return rules


def _joined(days: list[date], known: Mapping[date, Times]) -> list[SpecialHours]:
    """Dates as stretches of the same times, over the days between that have them by rule."""
    found: list[SpecialHours] = []
    for day in days:
        times = known[day]
        before = day
        while found and known.get(before - _DAY) == times and before.isoformat() > found[-1].last:
            before -= _DAY
        if found and before.isoformat() <= found[-1].last:
            found[-1] = SpecialHours(first=found[-1].first, last=day.isoformat(), times=list(times))
        else:
            found.append(SpecialHours(first=day.isoformat(), last=day.isoformat(), times=list(times)))
    return found
