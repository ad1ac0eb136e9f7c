"""Signal "known_item": the question is the thing's own title (with or without its creator) or identifier.

Its weight is above all others together, so a known item is passed by nothing but another known item.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from indexer.analysis import query_clauses, title_key, title_keys, tokens
from indexer.engines.base import Snapshot
from schemas.query import EngineQuery, SearchRequest, Terms
from store import works
from store.database import Database

Kind = Literal["identifier", "title", "title_creator"]
_MOST_WORDS = 16
_MOST_LOOKED_AT = 200
"""Works that share a title with a part of the question, of which the creators are compared."""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """Which matches are known items: all of a query's, and some by number."""

    query: EngineQuery | None = None
    kind: Kind = "title"
    by_creator: dict[int, float] = {}
    """Number -> text score of the engine, for works known by title and creator."""


def find_known(
    request: SearchRequest, query: EngineQuery, identifier: str, snapshot: Snapshot, database: Database
) -> Known:
    """The known items among the matches of a query."""
    if identifier:
        return Known(query=query, kind="identifier")
    if not query.clauses or query.match != "all" or any(clause.field for clause in query.clauses):
        return Known()
    text = request.q.replace('"', " ")
    whole = title_key(text)
    titled = msgspec.structs.replace(query, filters=(*query.filters, Terms("title_key", (whole,)))) if whole else None
    if titled is not None and not snapshot.count(titled):
        titled = None
    return Known(query=titled, by_creator=_by_title_and_creator(text, query, snapshot, database))


def _by_title_and_creator(text: str, query: EngineQuery, snapshot: Snapshot, database: Database) -> dict[int, float]:
    words = text.split()
    if not 2 <= len(words) <= _MOST_WORDS:
        return {}
    rests: dict[str, set[str]] = {}
    for cut in range(1, len(words)):
        for title, rest in ((words[:cut], words[cut:]), (words[cut:], words[:cut])):
            key = title_key(" ".join(title))
            if key:
                rests.setdefault(key, set()).add(" ".join(rest))
    if not rests:
        return {}
    titled = msgspec.structs.replace(query, filters=(*query.filters, Terms("title_key", tuple(rests))))
    found = snapshot.search_text(titled, _MOST_LOOKED_AT)
    if not len(found.numbers):
        return {}
    with database.connect() as connection:
        shown = works.by_numbers(connection, found.numbers.tolist())
    known = {}
    for number, score in zip(found.numbers.tolist(), found.scores.tolist(), strict=True):
        work = shown.get(number)
        if work is None:
            continue
        creators = set(tokens(" ".join(creator.name for creator in work.creators)))
        asked = [
            rest
            for title in (work.title, *work.other_titles)
            for key in title_keys(title)
            for rest in rests.get(key, ())
        ]
        if any(_names(rest) and _names(rest) <= creators for rest in asked):
            known[number] = score
    return known


def _names(text: str) -> set[str]:
    """The words of a name, without "by" and "von" and the like, which catalogues leave out or not."""
    found = {token for clause in query_clauses(text) for token in clause.tokens}
    return found - {"by", "von", "par", "de", "著"}
