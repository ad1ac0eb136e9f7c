"""The second try, when nothing has all words of a question: a number among them, other spellings, most of the words."""

from __future__ import annotations

import msgspec

from indexer.analysis import loosened, query_clauses, says_something
from indexer.engines.base import Snapshot
from schemas.query import EngineQuery, SearchRequest, Terms
from search_api.asked_numbers import fault, is_no_text, isbns_within, names_within
from search_api.messages import text
from search_api.respelling import respelt
from search_api.retrieve import Retrieval, has, identified


def second_try(request: SearchRequest, first: Retrieval, snapshot: Snapshot) -> Retrieval | None:
    """What to show instead of nothing, with warnings that say why; None where nothing better is known.

    Args:
        request: the question.
        first: as it was understood; no hit of it passes the filters.
        snapshot: the view of the engine in which that was so.
    """
    query, asked = first.query, first.asked
    if not query.clauses or snapshot.count(query):
        return None  # only what is known of copies and places leaves nothing
    if wrong := fault(asked, request.lang):
        return msgspec.structs.replace(first, warnings=(wrong,))
    if found := _filtered(request, first, snapshot):
        return found
    return _named(first, snapshot) or _respelt(request, first, snapshot) or _most_words(request, first, snapshot)


def _named(first: Retrieval, snapshot: Snapshot) -> Retrieval | None:
    """What has the ISBN, accession number or shelf-mark that stands among the words."""
    filters, asked = first.query.filters, first.asked
    for number in isbns_within(asked):
        if has(snapshot, named := Terms("isbn", (number,))):
            return identified(asked, number, named, filters)
    names = names_within(asked)
    if names and has(snapshot, Terms("identifier", tuple(names))):
        for key, written in sorted(names.items(), key=lambda pair: -len(pair[0])):
            if has(snapshot, named := Terms("identifier", (key,))):
                return identified(asked, written, named, filters)
    return None


def _respelt(request: SearchRequest, first: Retrieval, snapshot: Snapshot) -> Retrieval | None:
    other = respelt(first.asked, snapshot)
    if other is None:
        return None
    query = msgspec.structs.replace(first.query, clauses=query_clauses(other))
    found = Retrieval(query=query, asked=other)
    if snapshot.count(query):
        return found
    return _filtered(request, found, snapshot) or _most_words(request, found, snapshot)


def _filtered(request: SearchRequest, first: Retrieval, snapshot: Snapshot) -> Retrieval | None:
    """Still nothing, where all words do find something that the filters leave out."""
    count = snapshot.count(EngineQuery(clauses=first.query.clauses)) if first.query.filters else 0
    said = text(request.lang, "search.q_filtered", count=count)
    return msgspec.structs.replace(first, warnings=(said,)) if count else None


def _most_words(request: SearchRequest, first: Retrieval, snapshot: Snapshot) -> Retrieval | None:
    """What has as many of the words as anything has."""
    words = loosened(first.query.clauses)
    clauses = tuple(clause for clause in words if says_something(clause)) or words
    if len(words) < 2 or is_no_text(first.asked):
        return None
    query = msgspec.structs.replace(first.query, clauses=clauses, match="any")
    least, over = 0, len(clauses) + 1
    while over - least > 1:
        middle = (least + over) // 2
        if snapshot.count(msgspec.structs.replace(query, least=middle)):
            least = middle
        else:
            over = middle
    if not least:
        return None
    query = msgspec.structs.replace(query, least=least)
    return Retrieval(query=query, asked=first.asked, warnings=(text(request.lang, "search.q_some_words"),))
