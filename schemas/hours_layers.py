"""Several evaluated expressions as one: fallbacks below what they stand in for, late hours beside the day's own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from schemas.open_states import CLOSED, OPEN

_NONE, _DAY = timedelta(0), timedelta(days=1)
Stretch = tuple[datetime, datetime, int, str]
"""From, to, state, comment."""


class Evaluator(Protocol):
    """One expression, evaluated in naive local time."""

    def state(self, local: datetime) -> tuple[int, str]:
        """State and comment at a time."""
        ...

    def next_change(self, local: datetime) -> datetime | None:
        """The next time at which state or comment may change; None = not within the horizon."""
        ...

    def between(self, first: datetime, last: datetime) -> Iterator[Stretch]:
        """The stretches of [first, last)."""
        ...


class Layers:
    """Groups of (the day's hours, hours that last past the midnight before); the first that is not closed speaks."""

    def __init__(self, groups: Sequence[tuple[Evaluator, Evaluator | None]]) -> None:
        self._groups = groups

    def at(self, local: datetime) -> tuple[int, str]:
        """State and comment at a local time."""
        state, comment = CLOSED, ""
        for day, night in self._groups:
            state, comment = day.state(local)
            if state != OPEN and night is not None:
                late, its_comment = night.state(local - _DAY)
                if late == OPEN or (late and not state):
                    state, comment = late, its_comment
            if state:
                break
        return state, comment

    def changes(self, local: datetime) -> Iterator[datetime]:
        """The times after ``local`` at which any of the layers changes; the whole may stay as it is.

        Each layer is asked only past its own last answer: one that never changes is searched once, not at every step.
        """
        layers = [(day, _NONE) for day, _ in self._groups] + [(night, _DAY) for _, night in self._groups if night]
        heads = [_later(layer, shift, local) for layer, shift in layers]
        while any(heads):
            first = min(head for head in heads if head)
            yield first
            heads = [
                _later(layer, shift, first) if head == first else head
                for head, (layer, shift) in zip(heads, layers, strict=True)
            ]

    def between(self, first: datetime, last: datetime) -> Iterator[Stretch]:
        """Stretches of [first, last) in which state and comment stay the same (neighbours may be equal)."""
        if len(self._groups) == 1 and self._groups[0][1] is None:
            yield from self._groups[0][0].between(first, last)
            return
        changes = self.changes(first)
        while first < last:
            until = min(next(changes, last), last)
            yield first, until, *self.at(first)
            first = until


def _later(layer: Evaluator, shift: timedelta, local: datetime) -> datetime | None:
    found = layer.next_change(local - shift)
    return None if found is None else found + shift
