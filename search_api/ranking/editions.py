"""Filters on language and year hold for one edition, and so for its holdings: which rows of the columns pass them.

The engine filters works. A work in German and English that is asked for in German is found by both, but only the
holdings of its German editions may answer.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from schemas.query import SearchRequest
from schemas.work import Edition
from store import work_changes, works
from store.database import Database

MOST_KEPT = 200_000
"""Works whose editions are remembered; with more, they are read again."""


class Editions:
    """The editions of works that have several, as they are now; read from the store once, until any work changes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: tuple[int, dict[int, list[Edition]]] = (-1, {})
        """Version of the store and what it said: one value, so that no thread sees the one without the other."""

    def of(self, numbers: Sequence[int]) -> dict[int, list[Edition]]:
        """The editions of those of some works that have more than one."""
        kept_of, kept = self._kept
        with self._database.connect() as connection:
            version = work_changes.latest(connection)
            known = kept if version == kept_of and len(kept) < MOST_KEPT else {}
            missing = [number for number in numbers if number not in known]
            if missing:
                found = works.editions_of(connection, missing)
                known |= {number: found.get(number, []) for number in missing}
        self._kept = version, known
        return {number: known[number] for number in numbers if len(known[number]) > 1}


class EditionFilter:
    """The filters of one question."""

    def __init__(self, editions: Editions, request: SearchRequest) -> None:
        self._editions = editions
        self._languages = frozenset(request.language)
        self._first, self._last = request.year_from, request.year_to
        self.by_year = self._first is not None or self._last is not None
        self.several = bool(self._languages) and self.by_year
        """Whether the engine may find a work by a language of one edition and a year of another."""

    def passing(
        self, numbers: NDArray[np.int64], counts: NDArray[np.int64], record: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        """Which rows belong to an edition that fits.

        Args:
            numbers: of works.
            counts: rows of each, one work after another.
            record: row number of each row's record.
        """
        passes = np.ones(len(record), np.bool_)
        found = self._editions.of(numbers.tolist())
        starts = np.cumsum(counts) - counts
        for place in np.flatnonzero(np.isin(numbers, np.fromiter(found, np.int64))).tolist():
            own = found[int(numbers[place])]
            fitting = [id_ for edition in own if self._fits(edition) for id_ in edition.record_ids]
            part = slice(int(starts[place]), int(starts[place] + counts[place]))
            passes[part] = np.isin(record[part], np.array(fitting, np.int64))
        return passes

    def _fits(self, edition: Edition) -> bool:
        if self._languages and self._languages.isdisjoint(edition.languages):
            return False
        if not self.by_year:
            return True
        year = edition.year
        return (
            year is not None
            and (self._first is None or self._first <= year)
            and (self._last is None or year <= self._last)
        )


def edition_filter(editions: Editions, request: SearchRequest) -> EditionFilter | None:
    """The filter; None where the question asks for no language and no year."""
    found = EditionFilter(editions, request)
    return found if request.language or found.by_year else None
