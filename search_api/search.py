"""A search, from the question to the page: understand -> retrieve -> rank -> present.

``understand.py`` has made the request of the parameters. Here the engine's candidates meet what is known of places and
copies. The order is exact, and ``exact`` says so only where that is proven.
"""

from __future__ import annotations

from concurrent.futures import Future
from typing import NamedTuple

import msgspec

from schemas.answer import Answer
from schemas.open_states import OPEN, UNKNOWN
from schemas.query import EngineQuery, SearchRequest
from search_api import cursor
from search_api.context import Context
from search_api.facets import count_facets
from search_api.messages import text
from search_api.named_without_book import named_without_book
from search_api.present import Page, present
from search_api.query_view import query_view
from search_api.ranking.beside import BESIDE
from search_api.ranking.combine import Measure
from search_api.ranking.counting import Total, left_out, total
from search_api.ranking.editions import edition_filter
from search_api.ranking.order import Ordered, Ranking, in_order
from search_api.ranking.rules import Rules, load_rules
from search_api.ranking.scope import scope_of
from search_api.ranking.situation import situation
from search_api.retrieve import Retrieval, retrieve, without
from search_api.second_try import second_try


def search(context: Context, request: SearchRequest) -> Answer:
    """Answer a request.

    Raises:
        BadParameterError: the cursor belongs to another question.
        EngineError: the engine does not answer, or there is no index yet.
    """
    shown, rules = cursor.shown_before(request, context.clock()), load_rules()
    view, registry, snapshot = context.columns().view, context.registry(), context.engine.snapshot()
    here = situation(registry, request.near, request.at, request.mode, rules, shown.now)
    measure = Measure(request, here, rules, editions=edition_filter(context.editions, request))
    scope = scope_of(measure, view)
    ranking = Ranking(
        snapshot=snapshot,
        view=view,
        measure=measure,
        pools=rules.pools_for(context.engine.name),
        database=context.database,
        decides=scope.decides,
    )

    found = retrieve(request, snapshot, scope.places)
    found = named_without_book(request, found, snapshot, context.database) or found
    limit = max(min(request.limit, rules.pools.depth - len(shown)), 0)
    end = min(len(shown) + limit, rules.pools.depth) + 1  # one more shows whether there is a next page
    tried = _try(ranking, request, found, end, first_page=not shown)
    nothing = not len(tried.ordered.ranked.numbers) and not request.literal
    if nothing and (second := second_try(request, found, snapshot)):
        found, tried = second, _try(ranking, request, second, end, first_page=not shown)

    ranked = tried.ordered.ranked
    counted: Total = (ranked.passing, "exact") if ranked.complete else tried.counting.result()
    warnings = list(found.warnings)
    warnings += tried.leaving.result() if tried.leaving else []
    if request.facets and not scope.decides:
        warnings.append(text(request.lang, "search.facets_free"))
    left = shown.left(ranked.numbers)
    chosen = left[:limit]
    page = Page(
        numbers=ranked.numbers[chosen],
        text=ranked.text[chosen],
        known=tried.ordered.known,
        text_kind=_text_kind(request, found),
    )
    hits = present(context.database, request, page, view, measure, rules)
    return Answer(
        total=counted[0],
        total_relation=counted[1],
        exact=ranked.certified,
        query=query_view(request, found, hits, warnings),
        hits=hits,
        facets=count_facets(snapshot, found.query, request, measure, view) if request.facets else {},
        next=_next(request, shown.with_page(ranked.numbers, page.numbers), rules) if len(left) > limit else None,
    )


class _Tried(NamedTuple):
    """What a question brings, in order, and what is counted beside it."""

    ordered: Ordered
    counting: Future[Total]
    leaving: Future[list[str]] | None


def _try(ranking: Ranking, request: SearchRequest, found: Retrieval, end: int, *, first_page: bool) -> _Tried:
    counting = BESIDE.submit(_total, ranking, found.query)
    leaving = BESIDE.submit(_left_out, ranking, request, found.query) if request.open and first_page else None
    return _Tried(in_order(ranking, _asking(request, found), found.query, found.identifier, end), counting, leaving)


def _asking(request: SearchRequest, found: Retrieval) -> SearchRequest:
    """The request in the words that are searched for."""
    return msgspec.structs.replace(request, q=found.asked)


def _total(ranking: Ranking, query: EngineQuery) -> Total:
    return total(ranking.snapshot, query, ranking.view, ranking.measure, ranking.pools, by_place=ranking.decides)


def _left_out(ranking: Ranking, request: SearchRequest, query: EngineQuery) -> list[str]:
    """The warning that says how many works might be at an open place, if only its hours were known."""
    own = ranking.measure
    tolerant = Measure(request, own.situation, own.rules, doors=(OPEN, UNKNOWN), editions=own.editions)
    query = without(query, "institution")
    count, relation = left_out(ranking.snapshot, query, ranking.view, ranking.measure, tolerant, ranking.pools)
    if not count:
        return []
    key = "open_left_out" if relation == "exact" else "open_left_out_least"
    return [text(request.lang, f"search.{key}", count=count)]


def _text_kind(request: SearchRequest, found: Retrieval) -> str:
    if found.identifier:
        return "text_identifier"
    if not found.query.clauses:
        return "text_none"
    return {"best": "", "near": "text_near", "soon": "text_near"}.get(request.sort, "text_order")


def _next(request: SearchRequest, shown: cursor.Shown, rules: Rules) -> str | None:
    return cursor.write(request, shown) if len(shown) < rules.pools.depth else None
