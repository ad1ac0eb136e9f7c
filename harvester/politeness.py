"""How long we wait: between requests to a host, before asking again, and all in all in one run."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable

from harvester.fetch_errors import PatienceError

_FIRST_WAIT_S = 0.5
_LONGEST_OWN_WAIT_S = 300.0
_NEVER_MEANT_S = 7 * 86400.0
"""A Retry-After beyond a week is a mistake, not a wish."""
_LATER_S = 3600.0
"""When to go on with a run whose patience ended, where the server does not say."""


class Turns:
    """Spaces the requests to a host, whichever thread or source makes them."""

    def __init__(self) -> None:
        self._last: dict[str, float] = {}
        self._lock = threading.Lock()

    def take(self, host: str, pause: float) -> float:
        """Book the next turn at a host; returns the seconds until it comes."""
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._last.get(host, now - pause) + pause) if pause else now
            self._last[host] = turn
        return turn - now


class Patience:
    """The seconds that one run may spend on waiting and on attempts that fail. Serves one thread."""

    def __init__(self, seconds: float, sleep: Callable[[float], None]) -> None:
        self._seconds, self._sleep = seconds, sleep
        self._spent = 0.0

    def refill(self) -> None:
        """Begin a run: nothing was spent yet."""
        self._spent = 0.0

    def spend(self, seconds: float) -> None:
        """Count time that an attempt took which came to nothing."""
        self._spent += seconds

    def wait(self, attempt: int, trouble: str, asked: float | None = None) -> None:
        """Wait before asking again.

        Args:
            attempt: how often it failed already, from 0: each wait is about twice the last.
            trouble: what is wrong, for the message.
            asked: seconds the server wants us to wait.

        Raises:
            PatienceError: the patience is used up, or the server asks for more than is left of it.
        """
        if asked is not None and asked > _NEVER_MEANT_S:
            asked = None
        left = self._seconds - self._spent
        if left <= 0 or (asked is not None and asked > left):
            waits = f", wants us to wait {asked:,.0f} s" if asked else ""
            raise PatienceError(
                f"{trouble}{waits}; the patience of this run is used up ({self._seconds:g} s, "
                "LAMPWAY_FETCH_PATIENCE): harvest again later, it goes on where it stopped",
                resume_after=asked or _LATER_S,
            )
        own = min(_FIRST_WAIT_S * 2**attempt, _LONGEST_OWN_WAIT_S) * random.uniform(0.5, 1.0)  # noqa: S311 - jitter
        seconds = min(own if asked is None else max(asked, 0.05), left)
        self._spent += seconds
        self._sleep(seconds)
