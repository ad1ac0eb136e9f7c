"""Orders that the engine keeps itself (newest, oldest, title), under filters on holdings that it does not know."""

from __future__ import annotations

import numpy as np

from indexer.engines.base import Snapshot
from schemas.query import EngineQuery
from search_api.ranking.bounded import Ranked
from search_api.ranking.candidates import best_values
from search_api.ranking.combine import OUT, Measure
from search_api.ranking.rules import Pools
from store.column_view import View

FIELDS = {"newest": ("year", True), "oldest": ("year", False), "title": ("sort_title", False)}
"""Sort -> field, descending."""


def rank_by_field(
    snapshot: Snapshot, query: EngineQuery, view: View, measure: Measure, pools: Pools, k: int, order: str
) -> Ranked:
    """The first k works that pass the filters, in the engine's order; works without a value come last."""
    field, descending = FIELDS[order]
    kept: list[np.ndarray[tuple[int], np.dtype[np.int64]]] = []
    found, visited, calls, chunk, complete = 0, 0, 0, max(k, 100), False
    while found < k and not complete and visited < pools.whole:
        numbers = snapshot.search_sorted(query, field, descending, chunk, visited).numbers
        calls += 1
        complete = len(numbers) < chunk
        visited += len(numbers)
        passing = numbers[best_values(view, measure, numbers) > OUT]
        kept.append(passing)
        found += len(passing)
        chunk = min(chunk * 4, 20_000)
    all_kept = np.concatenate(kept) if kept else np.zeros(0, np.int64)
    first = all_kept[:k]
    zeros = np.zeros(len(first))
    return Ranked(
        numbers=first,
        text=zeros,
        total=zeros,
        certified=found >= k or complete,
        complete=complete,
        passing=len(all_kept),
        calls=calls,
        best_text=1.0,
    )
