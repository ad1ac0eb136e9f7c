"""The second try, when nothing has all words of a question: a number among them, other words, most of the words."""

from __future__ import annotations

import msgspec

from indexer.analysis import loosened, query_clauses, says_something
from indexer.engines.base import Snapshot
from schemas.query import EngineQuery, SearchRequest, Terms
from search_api.asked_numbers import fault, is_no_text, isbns_within, names_within
from search_api.asking_words import without_asking
from search_api.messages import text
from search_api.number_words import other_numbers
from search_api.other_script import other_scripts
from search_api.respelling import WORD, respelt, works_with
from search_api.retrieve import Retrieval, has, identified

_SHORTEST_BEGINNING = 4
"""Letters of a word that was not typed to its end."""


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
    if found := _filtered(request, first, snapshot) or _named(first, snapshot):
        return found
    bare = without_asking(asked)
    words = bare[-1] if bare else asked
    scripts = other_scripts(words, lambda word: works_with(word, snapshot) > 0)
    others = dict.fromkeys((*bare, *other_numbers(words), *scripts))
    snapshot.expect((), [asking for other in others if (asking := _asking(first, other).query).clauses])
    for other in others:
        if worded := _worded(request, first, other, snapshot):
            return worded
    partly = [asked, words]
    for text_ in dict.fromkeys((asked, *bare, *scripts)):
        if respelling := respelt(text_, snapshot):
            if worded := _worded(request, first, respelling, snapshot):
                return worded
            partly += [respelling] if text_ not in scripts else []
    if (begun := _begun(words, snapshot)) and (worded := _worded(request, first, begun, snapshot)):
        return worded
    tries = (_most_words(request, _asking(first, other), snapshot) for other in dict.fromkeys(reversed(partly)))
    return next(filter(None, tries), None)


def _begun(asked: str, snapshot: Snapshot) -> str:
    """The question with its last word as the beginning of one (pride and prej*); "" where it is a word."""
    last = asked.rpartition(" ")[2]
    begun = len(last) >= _SHORTEST_BEGINNING and WORD.fullmatch(last) and not works_with(last, snapshot)
    return f"{asked}*" if begun else ""


def _asking(first: Retrieval, asked: str) -> Retrieval:
    """The same question in other words."""
    return Retrieval(query=msgspec.structs.replace(first.query, clauses=query_clauses(asked)), asked=asked)


def _worded(request: SearchRequest, first: Retrieval, asked: str, snapshot: Snapshot) -> Retrieval | None:
    """What has all words of another wording."""
    found = _asking(first, asked)
    if not found.query.clauses:
        return None
    return found if snapshot.count(found.query) else _filtered(request, found, snapshot)


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
