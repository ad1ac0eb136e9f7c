"""The hours of all institutions for the coming days as numpy arrays, so that a query never evaluates an expression."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from datetime import datetime

import numpy as np
import numpy.typing as npt

from schemas.hours import OpeningHours, of_institution
from schemas.institution import Institution
from schemas.open_states import UNKNOWN

_DAY_S = 86_400
_SLOT_S = 7 * _DAY_S
_MAX_SLOTS = 50_000
"""Weeks of single institutions kept for times outside the table."""

Ints = npt.NDArray[np.int64]
Stretches = tuple[list[int], list[int], list[int]]
"""Starts, states, and the next change of each (0 = none known)."""


class HoursTable:
    """States and changes by institution number for some days; times outside are right too, but slower.

    Institutions with the same hours, zone and exceptions share one row. A table always answers the same, so threads
    may share it while the next one is built.
    """

    def __init__(
        self, hours: Sequence[OpeningHours | None], rows: npt.NDArray[np.int32], first: int, last: int
    ) -> None:
        """``hours`` by row (None = unknown), ``rows`` by institution number and one more for all other numbers."""
        self.first, self.last = first, last
        """Instants between which the arrays answer, seconds since 1970 UTC: [first, last)."""
        self._hours, self._rows = hours, rows
        self._stride = last - first + 1
        keys: list[int] = []
        states: list[int] = []
        changes: list[int] = []
        for row, known in enumerate(hours):
            starts, its_states, its_changes = _stretches(known, first, last)
            keys += [row * self._stride + start - first for start in starts]
            states += its_states
            changes += its_changes
        self._keys = np.array(keys, np.int64)
        self._states = np.array(states, np.int8)
        self._changes = np.array(changes, np.int64)
        self._slots: OrderedDict[tuple[int, int], Stretches] = OrderedDict()

    @staticmethod
    def build(institutions: Iterable[Institution], first: datetime, days: int = 14) -> HoursTable:
        """The table of these institutions for some days from ``first`` (aware) on.

        Institutions whose hours are unknown or unreadable are unknown; those shut for good are closed.
        """
        hours: list[OpeningHours | None] = [None]
        rows_by_hours: dict[int, int] = {}
        known: dict[int, int] = {}
        for institution in institutions:
            found = of_institution(institution)
            if found is not None:
                # Equal hours are the same object, as long as the cache of parsed hours holds them.
                row = rows_by_hours.setdefault(id(found), len(hours))
                if row == len(hours):
                    hours.append(found)
                known[institution.number] = row
        rows = np.zeros(max(known, default=-1) + 2, np.int32)
        rows[list(known)] = list(known.values())
        start = math.floor(first.timestamp())
        return HoursTable(hours, rows, start, start + days * _DAY_S)

    def at(self, numbers: npt.ArrayLike, epochs: npt.ArrayLike) -> tuple[npt.NDArray[np.int8], Ints]:
        """State and next change of institutions at instants.

        Args:
            numbers: Institution numbers; one that the table does not know is unknown. Ascending ones are looked up
                three times as fast.
            epochs: Instants, seconds since 1970 UTC: one for each number, or one for all.

        Returns:
            States (0 closed, 1 open, 2 unknown), and the instants at which they change (0 = no change known): when
            open the closing time, when closed the next opening.
        """
        wanted, instants = np.broadcast_arrays(np.asarray(numbers, np.int64), np.asarray(epochs, np.int64))
        others = len(self._rows) - 1
        rows = self._rows[np.where((wanted >= 0) & (wanted < others), wanted, others)].astype(np.int64)
        within = np.clip(instants, self.first, self.last - 1) - self.first
        places = np.searchsorted(self._keys, rows * self._stride + within, side="right") - 1
        states, changes = np.asarray(self._states[places]), np.asarray(self._changes[places])
        for place in np.argwhere(((instants < self.first) | (instants >= self.last)) & (rows > 0)):
            where = tuple(place)
            states[where], changes[where] = self._outside(int(rows[where]), int(instants[where]))
        return states, changes

    def since(self, numbers: npt.ArrayLike, epochs: npt.ArrayLike) -> Ints:
        """Since when institutions have been in the state of an instant (seconds since 1970 UTC).

        0 = since before the table, or not known as the instant lies outside it.
        """
        wanted, instants = np.broadcast_arrays(np.asarray(numbers, np.int64), np.asarray(epochs, np.int64))
        others = len(self._rows) - 1
        rows = self._rows[np.where((wanted >= 0) & (wanted < others), wanted, others)].astype(np.int64)
        inside = (instants >= self.first) & (instants < self.last)
        within = np.clip(instants, self.first, self.last - 1) - self.first
        places = np.searchsorted(self._keys, rows * self._stride + within, side="right") - 1
        starts = self._keys[places] - rows * self._stride + self.first
        return np.asarray(np.where(inside & (starts > self.first), starts, 0), np.int64)

    def _outside(self, row: int, epoch: int) -> tuple[int, int]:
        """State and change at a time outside the table, evaluated a week at a time and kept."""
        slot = epoch // _SLOT_S
        found = self._slots.get((row, slot))
        if found is None:
            found = _stretches(self._hours[row], slot * _SLOT_S, (slot + 1) * _SLOT_S)
            self._slots[row, slot] = found
            if len(self._slots) > _MAX_SLOTS:
                self._slots.popitem(last=False)
        starts, states, changes = found
        place = bisect_right(starts, epoch) - 1
        return states[place], changes[place]


def _stretches(hours: OpeningHours | None, first: int, last: int) -> Stretches:
    """The states of [first, last), neighbours with different states, and when each ends, if need be after ``last``."""
    if hours is None:
        return [first], [UNKNOWN], [0]
    starts: list[int] = []
    states: list[int] = []
    for start, _, state, _ in hours.stretches(first, last):
        if not states or states[-1] != state:
            starts.append(start)
            states.append(state)
    return starts, states, [*starts[1:], hours.next_change(last - 1) or 0]
