"""What the engine is asked for: the words of the question as clauses, identifiers as themselves, filters."""

from __future__ import annotations

import msgspec

from indexer.analysis import query_clauses
from indexer.engines.base import Snapshot
from schemas.query import EngineQuery, Range, SearchRequest, Terms
from search_api.asked_numbers import bare_issn, may_be_identifier, several_isbns, spellings, standard_number
from search_api.messages import text


class Retrieval(msgspec.Struct, frozen=True, kw_only=True):
    """The question as the engine gets it."""

    query: EngineQuery
    asked: str
    """The words that are searched for: the question, or what it was respelt to."""
    identifier: str = ""
    """What the question was understood as, "" for words."""
    said: str = "q_respelt"
    """Key of the text that says why other words than those of the question are searched for."""
    warnings: tuple[str, ...] = ()


def retrieve(request: SearchRequest, snapshot: Snapshot, places: tuple[int, ...] | None) -> Retrieval:
    """Find out what is asked for.

    Args:
        request: the question.
        snapshot: tells whether something has this identifier.
        places: numbers of the institutions at which a holding can pass the filters; None = anywhere.
    """
    filters, asked = filters_of(request, places), request.q
    if number := standard_number(asked):
        return identified(asked, number, Terms("isbn", (number,)), filters)
    if numbers := several_isbns(asked):
        return identified(asked, ", ".join(numbers), Terms("isbn", numbers), filters)
    # Without the other filters, which cost more than these, almost every question ends here.
    if may_be_identifier(asked) and (keys := spellings(asked)):
        named = identified(asked, asked.strip(), Terms("identifier", keys), filters)
        if has(snapshot, named.query.filters[0]) and snapshot.count(named.query):
            return named
    if number := bare_issn(asked):
        named = identified(asked, number, Terms("isbn", (number,)), filters)
        if has(snapshot, named.query.filters[0]):
            return named
    clauses = query_clauses(asked)
    query = EngineQuery(clauses=clauses, filters=filters)
    if asked.strip() and not clauses:
        return Retrieval(query=query, asked=asked, warnings=(text(request.lang, "search.q_no_words"),))
    return Retrieval(query=query, asked=asked)


def identified(asked: str, identifier: str, named: Terms, filters: tuple[Terms | Range, ...]) -> Retrieval:
    """The question for what has an identifier."""
    return Retrieval(query=EngineQuery(filters=(named, *filters)), asked=asked, identifier=identifier)


def has(snapshot: Snapshot, filter_: Terms | Range) -> bool:
    """Whether anything passes a filter."""
    return snapshot.count(EngineQuery(filters=(filter_,))) > 0


def filters_of(request: SearchRequest, places: tuple[int, ...] | None) -> tuple[Terms | Range, ...]:
    """The filters on works, and on the institutions that hold them."""
    filters: list[Terms | Range] = []
    if request.type:
        filters.append(Terms("type", request.type))
    if request.language:
        filters.append(Terms("language", request.language))
    if request.year_from is not None or request.year_to is not None:
        filters.append(Range("years", request.year_from, request.year_to))
    if places is not None:
        filters.append(Terms("institution", places))
    return tuple(filters)


def without(query: EngineQuery, *fields: str) -> EngineQuery:
    """A query without its filters on some fields."""
    kept = tuple(filter_ for filter_ in query.filters if filter_.field not in fields)
    return msgspec.structs.replace(query, filters=kept)
