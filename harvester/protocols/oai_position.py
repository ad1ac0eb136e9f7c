"""Where a harvest over OAI-PMH stands: saved with every page, so that it goes on from there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from harvester.windows import parse_stamp


class Window(msgspec.Struct, frozen=True):
    """A stretch of datestamps, both ends within it; "" = open."""

    since: str = ""
    until: str = ""

    def in_words(self) -> str:
        """For people."""
        if not self.since and not self.until:
            return "all records"
        if not self.until:
            return f"records changed since {self.since}"
        return f"records changed {f'from {self.since} ' if self.since else ''}to {self.until}"


class Position(msgspec.Struct):
    """The checkpoint of a run."""

    fingerprint: str
    """Of address, prefix and sets: a token belongs to them."""
    since: str = ""
    mark: str = ""
    """High-water mark for the next run."""
    set_index: int = 0
    windows: list[Window] = msgspec.field(default_factory=list)
    """What is still to be asked of this set, the first one being under way; [] = not begun."""
    token: str = ""
    token_expires: str = ""
    size: int | None = None
    """How many records the server says are in the list under way."""
    in_list: int = 0
    received: int = 0
    page: int = 0
    narrowed: bool = False
    """Some list was cut into windows, for it could not be had whole."""
    losses: list[str] = msgspec.field(default_factory=list)
    doubts: list[str] = msgspec.field(default_factory=list)
    """Why something may be missing though nothing says so."""
    unfetched: list[str] = msgspec.field(default_factory=list)
    """Records that the server lists and does not give: asked for again by the next run."""
    asked_again: bool = False
    judges: dict[str, bool | None] = msgspec.field(default_factory=dict)
    """By set: whether headers name it, as its first page showed."""

    def begin_list(self) -> None:
        """Stand at the beginning of a list."""
        self.token, self.token_expires, self.size, self.in_list = "", "", None, 0


def halves(window: Window, *, earliest: str, latest: str, by_day: bool) -> list[Window]:
    """Cut a window into two that together are all of it; [] when it is too narrow.

    Args:
        window: its open ends stay open, whatever the server says of its earliest record.
        earliest: where a window with an open begin is taken to begin.
        latest: where one with an open end is taken to end.
        by_day: the server knows only days.
    """
    step = timedelta(days=1) if by_day else timedelta(seconds=1)
    low = parse_stamp(window.since or earliest) or datetime(1990, 1, 1, tzinfo=UTC)
    high = parse_stamp(window.until or latest) or datetime.now(UTC)
    if not by_day and len(window.until) == 10:
        high += timedelta(days=1) - step
    steps = (high - low) // step
    if steps < 1:
        return []
    middle = low + (steps // 2) * step
    form = "%Y-%m-%d" if by_day else "%Y-%m-%dT%H:%M:%SZ"
    return [
        Window(window.since, middle.astimezone(UTC).strftime(form)),
        Window((middle + step).astimezone(UTC).strftime(form), window.until),
    ]
