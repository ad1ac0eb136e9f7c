"""The wall clock of a place: instants to local time and back, exact on the days when the clock is put on or back.

Opening hours speak of what the clock on the wall shows. Between two changes of the UTC offset local time is a straight
line, so every question is answered piece by piece: a skipped hour never happens, a repeated one happens twice.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

_EPOCH = datetime(1970, 1, 1)
_DAY_S = 86_400
_STEP_S, _BLOCK_S = 14 * _DAY_S, 8 * 365 * _DAY_S


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
        self._blocks: dict[int, tuple[list[int], list[int]]] = {}

    def offset(self, epoch: int) -> int:
        """Seconds that local time is ahead of UTC at an instant."""
        return self.piece(epoch)[0]

    def next_change(self, epoch: int) -> int | None:
        """The next instant at which the offset changes, looked for at least eight years ahead."""
        return self.piece(epoch)[1]

    def moment(self, epoch: int) -> datetime:
        """An instant as an aware datetime with the place's offset."""
        return datetime.fromtimestamp(epoch, self.zone)

    def piece(self, epoch: int) -> tuple[int, int | None]:
        """The offset at an instant, and when it changes next."""
        key = epoch // _BLOCK_S
        starts, offsets = self._blocks.get(key) or self._block(key)
        place = bisect_right(starts, epoch)
        if place < len(starts):
            return offsets[place - 1], starts[place]
        following = (self._blocks.get(key + 1) or self._block(key + 1))[0]
        return offsets[place - 1], following[1] if len(following) > 1 else None

    def pieces(self, first: int, last: int) -> Iterator[tuple[int, int, int]]:
        """[first, last) cut where the offset changes: (from, to, offset)."""
        while first < last:
            offset, change = self.piece(first)
            until = last if change is None else min(change, last)
            yield first, until, offset
            first = until

    def instant(self, local: datetime, after: int) -> int:
        """The first instant from ``after`` on at which the clock shows ``local`` or has just jumped over it."""
        wanted, start = seconds(local), after
        while True:
            offset, change = self.piece(start)
            found = max(wanted - offset, start)
            if change is None or found < change:
                return found
            start = change

    def _block(self, key: int) -> tuple[list[int], list[int]]:
        """Some years of offsets: where each begins (the first with the block), and what it is."""
        low, end = key * _BLOCK_S, (key + 1) * _BLOCK_S
        starts, offsets = [low], [self._ask(low)]
        while low < end:
            # No zone changes its offset twice in two weeks, so none of its changes can be stepped over.
            high = min(low + _STEP_S, end)
            after = self._ask(high)
            if after != offsets[-1]:
                change = self._bisect(low, high, offsets[-1])
                if change < end:
                    starts.append(change)
                    offsets.append(after)
            low = high
        # A change on the very edge of two blocks begins the later one, where ``piece`` must still find it.
        if self._ask(key * _BLOCK_S - 1) != offsets[0]:
            starts.insert(0, key * _BLOCK_S - 1)
            offsets.insert(0, self._ask(key * _BLOCK_S - 1))
        self._blocks[key] = starts, offsets
        return starts, offsets

    def _ask(self, epoch: int) -> int:
        ahead = datetime.fromtimestamp(epoch, self.zone).utcoffset()
        assert ahead is not None  # noqa: S101 - a ZoneInfo always knows
        return ahead.days * _DAY_S + ahead.seconds

    def _bisect(self, low: int, high: int, before: int) -> int:
        while high - low > 1:
            middle = (low + high) // 2
            if self._ask(middle) == before:
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
    # A map of all zones, 35 MB: only for places that come without a zone.
    from timezonefinder import TimezoneFinder

    return TimezoneFinder(in_memory=True)


@lru_cache(maxsize=1)
def _known_zones() -> frozenset[str]:
    return frozenset(available_timezones())
