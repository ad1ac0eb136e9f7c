"""The first works of a question in the order asked for: known items, the bounded method, the engine's own orders."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from indexer.engines.base import Snapshot
from schemas.query import EngineQuery, SearchRequest
from search_api.ranking.beside import BESIDE
from search_api.ranking.bounded import Ranked, first_look, rank
from search_api.ranking.candidates import best_values
from search_api.ranking.combine import OUT, Measure
from search_api.ranking.known_item import SCORES, Kind, Known, find_known, titles_of
from search_api.ranking.ordered import FIELDS, rank_by_field
from search_api.ranking.rules import Pools
from store.column_view import View
from store.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """What is needed to rank, of one consistent moment."""

    snapshot: Snapshot
    view: View
    measure: Measure
    pools: Pools
    database: Database
    decides: bool
    """Whether the engine's filters decide alone which works pass."""


@dataclass(frozen=True, slots=True)
class Ordered:
    """The ranked works, and which of them are known items, and how."""

    ranked: Ranked
    known: dict[int, Kind]


def in_order(ranking: Ranking, request: SearchRequest, query: EngineQuery, identifier: str, k: int) -> Ordered:
    """The first k works."""
    if request.sort in FIELDS:
        parts = (ranking.snapshot, query, ranking.view, ranking.measure, ranking.pools)
        return Ordered(rank_by_field(*parts, k, request.sort), {})
    titles = titles_of(request, query, identifier) if request.sort == "best" else None
    counts = ([titles.anywhere()] if titles else []) + ([] if ranking.decides else [query])
    ranking.snapshot.expect([(query, first_look(ranking.pools, k))], counts)
    if request.sort != "best":
        return Ordered(_certified(ranking, query, k), {})
    known = BESIDE.submit(find_known, titles, query, identifier, ranking.snapshot, ranking.database)
    return _known_first(ranking, _certified(ranking, query, k), known.result(), k)


def _certified(ranking: Ranking, query: EngineQuery, k: int, best_text: float = 0.0) -> Ranked:
    """The bounded method; where live filters leave few works, all matches are looked at instead."""
    pools, at_least = ranking.pools, 0
    if not ranking.decides:
        count = ranking.snapshot.count(query)
        at_least = count + 1 if count <= pools.visits else 0
    parts = (ranking.snapshot, query, ranking.view, ranking.measure, pools, k)
    ranked = rank(*parts, at_least=at_least, best_text=best_text)
    if not ranked.certified:
        count = ranking.snapshot.count(query)
        if count <= pools.whole:
            ranked = rank(*parts, at_least=count + 1, best_text=best_text)
    return ranked


def _known_first(ranking: Ranking, others: Ranked, known: Known, k: int) -> Ordered:
    """Known items in front: their weight is above all others together, so no other work can stand between them."""
    found: dict[int, tuple[Kind, float, float]] = {}
    certified = others.certified
    if known.query is not None:
        ranked = _certified(ranking, known.query, k, others.best_text)
        certified = certified and ranked.certified
        for number, text, total in zip(ranked.numbers.tolist(), ranked.text, ranked.total, strict=True):
            found[number] = known.kind, float(text), float(total)
    numbers = np.array(sorted(known.works), np.int64)
    for number, value in zip(numbers.tolist(), best_values(ranking.view, ranking.measure, numbers), strict=True):
        if value > OUT:
            kind, score = known.works[number]
            text = score / others.best_text
            found[number] = kind, text, ranking.measure.text_weight * text + float(value)
    if not found:
        return Ordered(others, {})
    order = sorted(found, key=lambda number: (-SCORES[found[number][0]], -found[number][2], number))[:k]
    rest = np.flatnonzero(~np.isin(others.numbers, list(found)))[: k - len(order)]
    merged = replace(
        others,
        numbers=np.concatenate([np.array(order, np.int64), others.numbers[rest]]),
        text=np.concatenate([[found[number][1] for number in order], others.text[rest]]),
        total=np.concatenate([[found[number][2] for number in order], others.total[rest]]),
        certified=certified,
    )
    return Ordered(merged, {number: kind for number, (kind, _, _) in found.items()})
