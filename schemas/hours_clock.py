"""The wall clock of a place: instants to local time and back, exact on the days when the clock is put on or back.

Opening hours speak of what the clock on the wall shows. Between two changes of the UTC offset local time is a straight
line, so every question is answered piece by piece: a skipped hour never happens, a repeated one happens twice.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

_EPOCH = datetime(1970, 1, 1)
_EPOCH_UTC = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_S = 86_400


def naive(seconds: int) -> datetime:
    """Seconds of local time since 1970 as a naive datetime."""
    return _EPOCH + timedelta(seconds=seconds)


def seconds(local: datetime) -> int:
    """A naive local datetime as seconds of local time since 1970."""
    gone = local - _EPOCH
    return gone.days * _DAY_S + gone.seconds


class Clock:
    """The clock on the wall of one time zone. Instants are whole seconds since 1970 UTC."""

    def __init__(self, timezone: str) -> None:
        self.zone = ZoneInfo(timezone)
        self._changes: dict[int, list[int]] = {}

    def offset(self, epoch: int) -> int:
        """Seconds that local time is ahead of UTC at an instant."""
        moment = (_EPOCH_UTC + timedelta(seconds=epoch)).astimezone(self.zone)
        ahead = moment.utcoffset()
        assert ahead is not None  # noqa: S101 - a ZoneInfo always knows
        return ahead.days * _DAY_S + ahead.seconds

    def moment(self, epoch: int) -> datetime:
        """An instant as an aware datetime with the place's offset."""
        return (_EPOCH_UTC + timedelta(seconds=epoch)).astimezone(self.zone)

    def next_change(self, epoch: int) -> int | None:
        """The next instant at which the offset changes, within this and the next calendar year."""
        year = (_EPOCH_UTC + timedelta(seconds=epoch)).year
        for changes in (self._of_year(year), self._of_year(year + 1)):
            place = bisect_right(changes, epoch)
            if place < len(changes):
                return changes[place]
        return None

    def pieces(self, first: int, last: int) -> Iterator[tuple[int, int, int]]:
        """[first, last) cut where the offset changes: (from, to, offset)."""
        while first < last:
            change = self.next_change(first)
            until = last if change is None else min(change, last)
            yield first, until, self.offset(first)
            first = until

    def instant(self, local: datetime, after: int) -> int:
        """The first instant after ``after`` at which the clock shows ``local`` or has just jumped over it."""
        wanted, start = seconds(local), after
        while True:
            offset, change = self.offset(start), self.next_change(start)
            found = max(wanted - offset, start)
            if change is None or found < change:
                return found
            start = change

    def _of_year(self, year: int) -> list[int]:
        """Instants of a UTC calendar year at which the offset changes."""
        changes = self._changes.get(year)
        if changes is None:
            low = seconds(datetime(year, 1, 1))
            end = low + 366 * _DAY_S
            changes, before = [], self.offset(low)
            while low < end:
                high = low + _DAY_S
                after = self.offset(high)
                if after != before:
                    changes.append(self._bisect(low, high, before))
                low, before = high, after
            self._changes[year] = changes
        return changes

    def _bisect(self, low: int, high: int, before: int) -> int:
        while high - low > 1:
            middle = (low + high) // 2
            if self.offset(middle) == before:
                low = middle
            else:
                high = middle
        return high


@lru_cache(maxsize=1024)
def clock_of(timezone: str) -> Clock:
    """The clock of an IANA time zone.

    Raises:
        KeyError: There is no such time zone.
    """
    if timezone not in _known_zones():
        raise KeyError(timezone)
    return Clock(timezone)


_finder_lock = threading.Lock()


@lru_cache(maxsize=100_000)
def timezone_of(lat: float, lon: float) -> str:
    """The IANA time zone at a position (WGS 84 degrees); at sea the nautical one ("Etc/GMT+3")."""
    with _finder_lock:
        return _finder().timezone_at(lat=lat, lng=lon) or "UTC"


@lru_cache(maxsize=1)
def _finder() -> Any:
    # Loads a map of all zones: only for places that come without a zone.
    from timezonefinder import TimezoneFinder

    return TimezoneFinder()


@lru_cache(maxsize=1)
def _known_zones() -> frozenset[str]:
    return frozenset(available_timezones())
