"""One version of the columns as a process sees it: the mapped base, what changed since, and the newest states."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from schemas.catalogue import SERVICES
from store.column_files import Base, expand, take
from store.column_rows import TYPES, Rows, concatenate
from store.packed_state import codes_of, quarters_of, silent

CODES = 6
"""0 = nothing is said about any service, then the states."""


class View:
    """Holdings by work number. All of one search use the same view."""

    def __init__(self, base: Base, overlay: Rows, newest: NDArray[np.uint32] | None = None) -> None:
        self.base, self.overlay = base, overlay
        self._starts = len(base.institution) + np.cumsum(overlay.counts) - overlay.counts
        if newest is None:
            newest = np.zeros((len(SERVICES), 0), np.uint32)
            newest = _grown(newest, base.institution, base.state)
        self._newest = _grown(newest, overlay.institution, overlay.state)
        self.serial = 0
        """Grows when states change in place."""

    @property
    def holdings(self) -> int:
        """Rows of the base; of the overlay besides."""
        return len(self.base.institution)

    def rows_of(self, numbers: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Rows of works, one work after another, and how many each has: 0 for works that are gone or unknown."""
        known = numbers < self.base.works
        if known.all():
            begin, end = self.base.offsets[numbers], self.base.offsets[numbers + 1]
        else:
            at = np.where(known, numbers, 0)
            begin = np.where(known, self.base.offsets[at], 0)
            end = np.where(known, self.base.offsets[np.minimum(at + 1, self.base.works)], 0)
        counts = end - begin
        if len(self.overlay.numbers):
            at = np.minimum(np.searchsorted(self.overlay.numbers, numbers), len(self.overlay.numbers) - 1)
            changed = self.overlay.numbers[at] == numbers
            begin = np.where(changed, self._starts[at], begin)
            counts = np.where(changed, self.overlay.counts[at], counts)
        return expand(begin, counts), counts

    def institution(self, rows: NDArray[np.int64]) -> NDArray[np.int32]:
        """Institution numbers at rows; 0 = at no place the registry knows."""
        return take(self.base.institution, self.overlay.institution, rows)

    def state(self, rows: NDArray[np.int64]) -> NDArray[np.uint32]:
        """Packed states at rows (see ``store.packed_state``)."""
        return take(self.base.state, self.overlay.state, rows)

    def record(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Row numbers of the store's records at rows."""
        return take(self.base.record, self.overlay.record, rows)

    def ordinal(self, rows: NDArray[np.int64]) -> NDArray[np.int32]:
        """Positions of holdings in their record's list at rows; -1 = only implied."""
        return take(self.base.ordinal, self.overlay.ordinal, rows)

    def newest(self, service: str, institutions: int) -> NDArray[np.uint32]:
        """When each institution's states of a service were checked last: [institutions, CODES] quarter hours + 1.

        0 = it has no such state. That bounds what any of its holdings can be worth. Code 0 counts holdings about which
        nothing is said at all.
        """
        table = self._newest[SERVICES.index(service)].reshape(-1, CODES)[:institutions]
        return np.pad(table, ((0, institutions - len(table)), (0, 0)))

    def over(self, overlay: Rows) -> View:
        """The same base under another overlay. The newest states stay, so that they bound those of both."""
        return View(self.base, overlay, self._newest)

    def changed(self, rows: Rows) -> View:
        """The view with other rows for some works: itself where only states differ, else a new one."""
        at, counts = self.rows_of(rows.numbers)
        same = np.array_equal(counts, rows.counts) and all(
            np.array_equal(getattr(self, name)(at), getattr(rows, name)) for name in TYPES if name != "state"
        )
        if not same:
            return self.over(laid_over(self.overlay, rows))
        self._newest = _grown(self._newest, rows.institution, rows.state)  # before the states: it must bound them
        self.serial += 1
        beyond = at >= self.holdings
        self.base.state[at[~beyond]] = rows.state[~beyond]
        self.overlay.state[at[beyond] - self.holdings] = rows.state[beyond]
        return self


def _grown(newest: NDArray[np.uint32], institution: NDArray[np.int32], state: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """A copy of the table of newest states that knows more rows."""
    size = max(newest.shape[1], (int(institution.max()) + 1) * CODES if len(institution) else 0)
    grown = np.zeros((len(SERVICES), size), np.uint32)
    grown[:, : newest.shape[1]] = newest
    quarters, first = quarters_of(state) + np.uint32(1), institution.astype(np.int64) * CODES
    nothing = silent(state)
    for index, service in enumerate(SERVICES):
        codes = codes_of(state, service)
        said = (codes > 0) | nothing
        np.maximum.at(grown[index], (first + codes)[said], quarters[said])
    return grown


def laid_over(older: Rows, newer: Rows) -> Rows:
    """Both, where a work in both is as the newer says."""
    kept = ~np.isin(older.numbers, newer.numbers)
    rows = expand((np.cumsum(older.counts) - older.counts)[kept], older.counts[kept])
    left = Rows(older.numbers[kept], older.counts[kept], *(getattr(older, name)[rows] for name in TYPES))
    both = concatenate([left, newer])
    order = np.argsort(both.numbers, kind="stable")
    rows = expand((np.cumsum(both.counts) - both.counts)[order], both.counts[order])
    return Rows(both.numbers[order], both.counts[order], *(getattr(both, name)[rows] for name in TYPES))
