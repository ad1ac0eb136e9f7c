"""The bounded method: the exact top k of ``text + best holding``, with a certificate, in two or three engine calls.

1. The best by text alone are valued exactly from the columns. A work outside them has at most the text of the last one,
   so it needs a holding worth more than ``need`` = (k-th best so far) - (that text).
2. Only institutions whose ceiling is above ``need`` can have one. The engine is asked for their works, best first by
   ``text + ceiling``, which is never below the true sum. When even the last one's bound is not above the k-th best, or
   fewer came than were asked for, these institutions are settled.
3. When no institution is left unsettled above ``need``, the top k is proven.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer.engines.base import Snapshot, Tier
from schemas.query import EngineQuery
from search_api.ranking.candidates import Pool
from search_api.ranking.combine import OUT, Measure
from search_api.ranking.rules import Pools
from store.column_view import View

_FIRST_PLACES = 512
"""Institutions of the first bounded call; four times as many in each further one."""
_ROUNDING = 4e-7
"""Engines add scores in 32 bits; relative to the sum's size."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """Works in their order, as far as asked for."""

    numbers: NDArray[np.int64]
    text: NDArray[np.float64]
    """Score of the signal "text", 0..1."""
    total: NDArray[np.float64]
    certified: bool
    """Whether these are provably the first ones of all matches."""
    complete: bool
    """Whether every match was looked at, so that ``passing`` is how many pass the filters."""
    passing: int
    calls: int
    best_text: float
    """The best text score of all matches, in the engine's own measure; 1 when there is no text."""


class _Search:
    def __init__(
        self, snapshot: Snapshot, query: EngineQuery, view: View, measure: Measure, pools: Pools, best_text: float
    ) -> None:
        self.snapshot, self.query, self.measure, self.pools = snapshot, query, measure, pools
        self.view, self.best_text = view, best_text
        self.pool = Pool(view, measure)
        self.calls = 0
        self.last_text = 0.0
        """No match outside the pool has more text."""
        self.complete = False

    def by_text(self, limit: int, *, settle_ties: bool = False) -> None:
        found = self.snapshot.search_text(self.query, limit, settle_ties=settle_ties)
        self.calls += 1
        if self.query.clauses and len(found.scores) and not self.best_text:
            self.best_text = float(found.scores[0])
        self.best_text = self.best_text or 1.0
        text = found.scores / self.best_text
        self.pool.add(found.numbers, text)
        self.last_text = float(text[-1]) * self.measure.text_weight if len(text) else 0.0
        self.complete = len(found.numbers) < limit

    def ties_matter(self, k: int) -> bool:
        """Whether works outside the pool may equal the k-th: then their numbers decide, as on every other page."""
        need = self.pool.threshold(k) - self.last_text
        if not self.query.clauses or need == OUT:
            return False
        return bool((np.abs(self.measure.ceilings(self.view) - need) <= _ROUNDING).any())

    def by_place(self, k: int, first: int) -> bool:
        """Steps 2 and 3; True when proven."""
        ceilings = self.measure.ceilings(self.view)
        open_ = ceilings > OUT
        places, limit = _FIRST_PLACES, first
        for round_ in range(self.pools.rounds + 1):
            need = self.pool.threshold(k) - self.last_text
            left = np.flatnonzero(open_ & (ceilings > need + _ROUNDING))
            if not len(left):
                return True
            # The index knows no holdings that are nowhere (number 0), so their works cannot be asked for.
            if round_ == self.pools.rounds or ceilings[0] > need + _ROUNDING:
                return False
            left = left[left > 0]
            if not len(left):
                return True
            left = left[np.argsort(-ceilings[left], kind="stable")][:places]
            if self._settled(left, ceilings[left], need, k, limit):
                open_[left] = False
            else:
                limit *= 4
            places *= 4
        return False

    def _settled(
        self, places: NDArray[np.int64], ceilings: NDArray[np.float64], need: float, k: int, limit: int
    ) -> bool:
        tiers = _Tiers(places, ceilings, need, self.pools.tiers, in_classes=self.measure.in_classes)
        boost = self.measure.text_weight / self.best_text
        found = self.snapshot.search_bounded(self.query, boost, tiers.for_engine, limit)
        self.calls += 1
        if len(found.numbers):
            self.pool.add(found.numbers, self._text_of(found.numbers, found.scores, tiers))
        if len(found.numbers) < limit:
            return True
        return tiers.bound(float(found.scores[-1])) <= self.pool.threshold(k) + _ROUNDING

    def _text_of(self, numbers: NDArray[np.int64], scores: NDArray[np.float64], tiers: _Tiers) -> NDArray[np.float64]:
        """The text part of bounded scores: without the highest edge among each work's institutions."""
        if not self.query.clauses or not self.measure.text_weight:
            return np.zeros(len(numbers))
        rows, counts = self.view.rows_of(numbers)
        edges = np.zeros(len(numbers))
        if len(rows):
            has = counts > 0
            at_rows = tiers.edge_of(self.view.institution(rows))
            edges[has] = np.maximum.reduceat(at_rows, (np.cumsum(counts) - counts)[has])
        # Columns newer than the index may know another place than the engine counted: the text has its own bounds.
        text: NDArray[np.float64] = np.clip((scores - edges) / self.measure.text_weight, 0.0, 1.0)
        return text


class _Tiers:
    """Institutions in groups of like ceilings. The engine's edges are small and positive: it adds in 32 bits."""

    def __init__(
        self, places: NDArray[np.int64], ceilings: NDArray[np.float64], need: float, count: int, *, in_classes: bool
    ) -> None:
        levels, of_place = np.unique(-ceilings, return_inverse=True)  # best first
        group = _in_groups(len(levels), count)[of_place] if in_classes else _by_width(-levels, count)[of_place]
        self._edges = np.array([ceilings[group == g].max() for g in range(group.max() + 1)])
        self._low = min(float(ceilings.min()), need) if np.isfinite(need) else float(ceilings.min())
        self._in_classes, steps = in_classes, len(self._edges)
        self._engine = np.arange(steps, 0.0, -1.0) if in_classes else self._edges - self._low + 1e-3
        self._at = np.zeros(int(places.max()) + 1)
        self._at[places] = self._engine[group]
        order = np.argsort(group, kind="stable")
        cuts = np.flatnonzero(np.diff(group[order])) + 1
        self.for_engine = [
            Tier(institutions=part.tolist(), edge=float(self._engine[g]))
            for g, part in enumerate(np.split(places[order], cuts))
        ]

    def edge_of(self, institution: NDArray[np.int32]) -> NDArray[np.float64]:
        """The engine's edge of institutions; 0 for those of no tier."""
        inside = institution < len(self._at)
        return np.where(inside, self._at[np.where(inside, institution, 0)], 0.0)

    def bound(self, score: float) -> float:
        """What a work with at most this score of the engine can be worth in truth."""
        if not self._in_classes:
            return score + self._low - 1e-3
        tier = min(max(len(self._edges) - int(score), 0), len(self._edges) - 1)
        return float(self._edges[tier]) + (score - int(score))


def _by_width(levels: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """Groups of levels (descending): the first ones alone, so that their bound is exact; the rest in equal widths."""
    alone = min(len(levels), count // 2)
    group = np.arange(len(levels))
    rest = levels[alone:]
    if len(rest):
        width = max(float(rest[0] - rest[-1]), 1e-12) / (count - alone)
        steps = np.minimum(((rest[0] - rest) / width).astype(np.int64), count - alone - 1)
        group[alone:] = alone + np.unique(steps, return_inverse=True)[1]
    return group


def _in_groups(levels: int, count: int) -> NDArray[np.int64]:
    """Groups of levels: the first half alone, then ever larger ones."""
    group = np.arange(levels)
    alone = count // 2
    if levels > alone:
        growth = max(1.5, ((levels - alone) / 2) ** (1 / (count - alone)))
        beyond = np.floor(np.log1p((group[alone:] - alone) * (growth - 1)) / np.log(growth)).astype(np.int64)
        group[alone:] = alone + np.unique(beyond, return_inverse=True)[1]
    return group


def first_look(pools: Pools, k: int) -> int:
    """How many works are looked at by text before anything else."""
    return max(pools.text, pools.text_per_hit * k)


def rank(
    snapshot: Snapshot,
    query: EngineQuery,
    view: View,
    measure: Measure,
    pools: Pools,
    k: int,
    *,
    at_least: int = 0,
    best_text: float = 0.0,
) -> Ranked:
    """The first k works.

    Args:
        snapshot: one view of the engine.
        query: what to match; filters on institutions may be in it already.
        view: one view of the columns.
        measure: what holdings are worth.
        pools: how many candidates to look at.
        k: offset + limit of the page.
        at_least: look at this many by text at once, where most would be looked at anyway.
        best_text: the measure of the text where another search has set it; 0 = this search's best.
    """
    k = max(k, 1)
    search = _Search(snapshot, query, view, measure, pools, best_text)
    first = max(first_look(pools, k), at_least)
    search.by_text(first)
    certified = search.complete or search.by_place(k, max(pools.places, pools.places_per_hit * k))
    if not search.complete and search.ties_matter(k):
        search.by_text(first, settle_ties=True)
    pool, order = search.pool, search.pool.best(k)
    return Ranked(
        numbers=pool.numbers[order],
        text=pool.text[order],
        total=pool.total[order],
        certified=certified,
        complete=search.complete,
        passing=len(pool.numbers),
        calls=search.calls,
        best_text=search.best_text,
    )
