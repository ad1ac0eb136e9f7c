"""How many works pass, and how many are left out because nobody knows whether the door is open."""

from __future__ import annotations

from typing import Literal

import numpy as np

from indexer.engines.base import Snapshot
from schemas.query import EngineQuery
from search_api.ranking.candidates import best_values
from search_api.ranking.combine import OUT, Measure
from search_api.ranking.rules import Pools
from search_api.ranking.scope import at_places, scope_of
from store.column_view import View

Total = tuple[int, Literal["exact", "at_least"]]
_ALL = 1 << 31


def total(
    snapshot: Snapshot, query: EngineQuery, view: View, measure: Measure, pools: Pools, *, by_place: bool
) -> Total:
    """How many works pass all filters.

    Args:
        snapshot: of the engine.
        query: with the filters that the engine knows.
        view: of the columns.
        measure: knows the filters on holdings.
        pools: how many matches may be visited where live facts decide.
        by_place: whether the engine's filters decide alone, so that its count is the total.
    """
    if by_place:
        return snapshot.count(query), "exact"
    live = measure.available or measure.doors is not measure.institutions or measure.editions is not None
    numbers = snapshot.all_matches(query, pools.visits + 1 if live else _ALL)
    visited = numbers[: pools.visits] if live else numbers
    passing = int((best_values(view, measure, visited) > OUT).sum())
    return passing, "exact" if len(visited) == len(numbers) else "at_least"


def left_out(
    snapshot: Snapshot, query: EngineQuery, view: View, strict: Measure, tolerant: Measure, pools: Pools
) -> Total:
    """How many works pass only a more tolerant measure.

    Args:
        snapshot: of the engine.
        query: without filters on institutions.
        view: of the columns.
        strict: passes no work that the tolerant one does not.
        tolerant: the other measure.
        pools: how many matches may be visited where single holdings decide.
    """
    scopes = [scope_of(measure, view) for measure in (tolerant, strict)]
    if all(scope.decides for scope in scopes):
        more, fewer = (snapshot.count(at_places(query, scope.places)) for scope in scopes)
        return max(more - fewer, 0), "exact"
    numbers = snapshot.all_matches(at_places(query, scopes[0].places), pools.visits + 1)
    visited = numbers[: pools.visits]
    passes = best_values(view, tolerant, visited) > OUT
    out = passes & ~(best_values(view, strict, visited) > OUT)
    return int(np.count_nonzero(out)), "exact" if len(visited) == len(numbers) else "at_least"
