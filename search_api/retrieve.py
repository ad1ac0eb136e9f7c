"""What the engine is asked for: the words of the question as clauses, identifiers as themselves, filters."""

from __future__ import annotations

import re

import msgspec

from indexer.analysis import identifier_key, loosened, query_clauses
from indexer.engines.base import Snapshot
from schemas.identifiers import isbn13, issn
from schemas.query import EngineQuery, Range, SearchRequest, Terms

_LONGEST_IDENTIFIER = 60
_LONG_NUMBER = 8


class Retrieval(msgspec.Struct, frozen=True, kw_only=True):
    """The question as the engine gets it. ``identifier``: what it was understood as, "" for words."""

    query: EngineQuery
    identifier: str = ""
    warnings: tuple[str, ...] = ()
    """Keys of the messages."""


def retrieve(request: SearchRequest, snapshot: Snapshot, places: tuple[int, ...] | None) -> Retrieval:
    """Find out what is asked for.

    Args:
        request: the question.
        snapshot: tells whether something has this identifier.
        places: numbers of the institutions at which a holding can pass the filters; None = anywhere.
    """
    filters = filters_of(request, places)
    number = standard_number(request.q)
    if number:
        return Retrieval(query=EngineQuery(filters=(Terms("isbn", (number,)), *filters)), identifier=number)
    if may_be_identifier(request.q) and (key := identifier_key(request.q)):
        named = Terms("identifier", (key,))
        query = EngineQuery(filters=(named, *filters))
        # Without the other filters, which cost more than this one, almost every question ends here.
        if snapshot.count(EngineQuery(filters=(named,))) and snapshot.count(query):
            return Retrieval(query=query, identifier=request.q.strip())
    clauses = query_clauses(request.q)
    query = EngineQuery(clauses=clauses, filters=filters)
    if request.q.strip() and not clauses:
        return Retrieval(query=query, warnings=("q_no_words",))
    return Retrieval(query=query)


def some_words(found: Retrieval, snapshot: Snapshot) -> Retrieval | None:
    """The second try: what has some of the words; None where that says no more than the first."""
    clauses = found.query.clauses
    if sum(len(clause.tokens) for clause in clauses) < 2 or snapshot.count(found.query):
        return None
    query = msgspec.structs.replace(found.query, clauses=loosened(clauses), match="any")
    if not snapshot.count(query):
        return None
    return Retrieval(query=query, warnings=("q_some_words",))


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


def standard_number(text: str) -> str:
    """The ISBN-13 or ISSN without hyphens that a question consists of; "" if it is none."""
    bare = re.sub(r"^\s*(?:isbn|issn)(?:-1[03])?\s*[:：]?\s*", "", text, flags=re.IGNORECASE).strip()
    if not re.fullmatch(r"[\dXx\s‐‑–—-]{8,25}", bare):
        return ""
    digits = re.sub(r"[^\dXx]", "", bare).upper()
    if len(digits) == 8:
        # Eight digits are a year span or a date as often as an ISSN: its hyphen or the word must say so.
        told = bare != text.strip() or re.fullmatch(r"\d{4}[‐‑–—-]\d{3}[\dXx]", bare)
        return digits if told and issn(f"{digits[:4]}-{digits[4:]}") else ""
    return isbn13(digits) or ""


def may_be_identifier(text: str) -> bool:
    """Whether a question looks like a shelf-mark, an accession number or a record's identifier."""
    text = text.strip()
    if len(text) > _LONGEST_IDENTIFIER or not re.search(r"\d", text) or '"' in text:
        return False
    if text.isdigit():
        return len(text) >= _LONG_NUMBER
    return len(text.split()) <= 4
