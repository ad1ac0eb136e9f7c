"""What a look at a stranger's address may take: seconds and bytes, all its requests together."""

from __future__ import annotations

import time

from harvester.fetch_errors import FetchError

_LEAST = 64 << 10


class SpentError(FetchError):
    """The budget is used up: what was not asked yet will not be asked."""


class Budget:
    """Seconds and decoded bytes. Serves one client; its time begins when it is made."""

    def __init__(self, seconds: float, size: int) -> None:
        """Make a budget.

        Args:
            seconds: from now.
            size: bytes of all answers together, unpacked.
        """
        self._seconds, self._size, self._taken = seconds, size, 0
        self._ends_at = time.monotonic() + seconds

    @property
    def taken(self) -> int:
        """Bytes that came so far."""
        return self._taken

    def seconds(self, most: float) -> float:
        """Seconds that a request may take, at most ``most``.

        Raises:
            SpentError: no time is left.
        """
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise SpentError(f"the {self._seconds:g} s for this look are over")
        return min(most, left)

    def room(self, most: int) -> int:
        """Bytes that an answer may have, at most ``most``: never all that is left, so that one does not end the look.

        Raises:
            SpentError: none are left.
        """
        left = self._size - self._taken
        if left <= 0:
            raise SpentError(f"the {self._size >> 20} MB for this look are used up")
        return min(most, max(left * 3 // 5, min(left, _LEAST)))

    def take(self, size: int) -> None:
        """Count bytes that came."""
        self._taken += size
