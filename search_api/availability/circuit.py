"""Spares a system that fails or is asked too much: a breaker and a budget for each institution."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import msgspec

FAILURES = 3
"""In a row, until a system is left alone."""
FIRST_REST_S, LONGEST_REST_S = 30.0, 900.0
"""How long it is left alone, doubled each time it fails again."""
PER_MINUTE = 60
"""Requests to one institution's system."""


class _State(msgspec.Struct):
    failures: int = 0
    rest: float = 0.0
    closed_until: float = 0.0
    minute: int = -1
    asked: int = 0


class Circuits:
    """Says whether an institution's system may be asked now. Safe for threads."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        *,
        first_rest: float = FIRST_REST_S,
        longest_rest: float = LONGEST_REST_S,
    ) -> None:
        self._clock, self._first_rest, self._longest_rest = clock, first_rest, longest_rest
        self._states: dict[str, _State] = {}
        self._lock = threading.Lock()

    def may_ask(self, institution: str) -> bool:
        """Whether to ask now; counts towards the budget when it may be. After a rest one trial is let through."""
        with self._lock:
            state, now = self._states.setdefault(institution, _State()), self._clock()
            minute = int(now // 60)
            if state.minute != minute:
                state.minute, state.asked = minute, 0
            if now < state.closed_until or state.asked >= PER_MINUTE:
                return False
            if state.failures >= FAILURES:
                state.closed_until = now + state.rest  # nobody else tries until this trial has ended
            state.asked += 1
            return True

    def succeeded(self, institution: str) -> None:
        """The system answered."""
        with self._lock:
            state = self._states.setdefault(institution, _State())
            state.failures, state.rest, state.closed_until = 0, 0.0, 0.0

    def failed(self, institution: str) -> None:
        """The system did not answer, or not well, or too late."""
        with self._lock:
            state = self._states.setdefault(institution, _State())
            state.failures += 1
            if state.failures >= FAILURES:
                state.rest = min(self._longest_rest, state.rest * 2 or self._first_rest)
                state.closed_until = self._clock() + state.rest
