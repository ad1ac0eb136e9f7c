"""What is dear to read is read now and then, however often it is asked for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Lately(Generic[T]):
    """A value that may be some seconds old. Threads may share it: one reads, the others wait for what it finds.

    Args:
        read: gives the value; what it raises is told to whoever asks, and it is asked again next time.
        good_for_s: seconds for which a value serves.
    """

    def __init__(self, read: Callable[[], T], good_for_s: float) -> None:
        self._read, self._good_for_s = read, good_for_s
        self._lock = threading.Lock()
        self._kept: tuple[float, T] | None = None

    def value(self) -> T:
        """The value."""
        with self._lock:
            if self._kept is None or time.monotonic() - self._kept[0] >= self._good_for_s:
                found = self._read()
                self._kept = time.monotonic(), found
            return self._kept[1]
