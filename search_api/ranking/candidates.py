"""The pool of works looked at so far: each with its text score, its best holding's value, and the sum that ranks it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from search_api.ranking.combine import OUT, Measure
from store.column_view import View


class Pool:
    """Candidates of one search. A work is valued once, from the columns; the first text score it came with counts."""

    def __init__(self, view: View, measure: Measure) -> None:
        self._view, self._measure = view, measure
        self.numbers = np.zeros(0, np.int64)
        self.text = np.zeros(0)
        self.total = np.zeros(0)

    def add(self, numbers: NDArray[np.int64], text: NDArray[np.float64]) -> None:
        """Look at works. Those that are gone, or of which no holding passes the filters, are not kept.

        Args:
            numbers: work numbers, each once.
            text: scores of the signal "text", 0..1.
        """
        new = ~np.isin(numbers, self.numbers) if len(self.numbers) else np.ones(len(numbers), np.bool_)
        numbers, text = numbers[new], text[new]
        value = best_values(self._view, self._measure, numbers)
        kept = value > OUT
        self.numbers = np.concatenate([self.numbers, numbers[kept]])
        self.text = np.concatenate([self.text, text[kept]])
        self.total = np.concatenate([self.total, self._measure.text_weight * text[kept] + value[kept]])

    def best(self, k: int) -> NDArray[np.int64]:
        """Positions of the k best, best first; equal ones by number."""
        if len(self.total) > k:
            least = np.partition(self.total, len(self.total) - k)[len(self.total) - k]
            chosen = np.flatnonzero(self.total >= least)
        else:
            chosen = np.arange(len(self.total))
        return chosen[np.lexsort((self.numbers[chosen], -self.total[chosen]))][:k]

    def threshold(self, k: int) -> float:
        """The total of the k-th best; -inf while there are fewer."""
        if len(self.total) < k or k < 1:
            return OUT
        return float(np.partition(self.total, len(self.total) - k)[len(self.total) - k])


def best_values(view: View, measure: Measure, numbers: NDArray[np.int64]) -> NDArray[np.float64]:
    """The value of each work's best holding; -inf where none passes the filters, or the work is gone."""
    rows, counts = view.rows_of(numbers)
    values = np.full(len(numbers), OUT)
    if not len(rows):
        return values
    worth = measure.at(view, numbers, rows, counts)
    has = counts > 0
    starts = (np.cumsum(counts) - counts)[has]
    values[has] = np.maximum.reduceat(worth, starts)
    return values
