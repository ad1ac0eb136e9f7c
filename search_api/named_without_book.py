"""Questions that name a thing and say that it is a book: "george orwell 1984 book", "pride and prejudice novel".

Catalogues do not say "book" of their books, but here and there a title or a note does; so all words would find that
instead of the book that everybody means.
"""

from __future__ import annotations

import msgspec

from indexer.analysis import query_clauses
from indexer.engines.base import Snapshot
from schemas.query import EngineQuery, SearchRequest
from search_api.asking_words import without_book
from search_api.ranking.known_item import find_known, titles_of
from search_api.retrieve import Retrieval
from store.database import Database


def named_without_book(
    request: SearchRequest, found: Retrieval, snapshot: Snapshot, database: Database
) -> Retrieval | None:
    """The question without "book" or "novel", where only so it is the whole name of something; else None.

    Args:
        request: the question.
        found: as it was understood.
        snapshot: the view of the engine.
        database: has the titles.
    """
    bare = "" if request.literal or found.identifier else without_book(found.asked)
    if not bare or _named(request, found.query, snapshot, database):
        return None
    query = msgspec.structs.replace(found.query, clauses=query_clauses(bare))
    if not _named(msgspec.structs.replace(request, q=bare), query, snapshot, database):
        return None
    return msgspec.structs.replace(found, query=query, asked=bare, said="q_named")


def _named(request: SearchRequest, query: EngineQuery, snapshot: Snapshot, database: Database) -> bool:
    known = find_known(titles_of(request, query, ""), query, "", snapshot, database)
    return known.query is not None or any(match.kind != "short_title" for match in known.works.values())
