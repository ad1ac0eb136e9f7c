"""Suggestions for what is being typed: words that go on with it, and titles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from indexer.analysis import query_clauses, tokens
from schemas.document import TEXT_FIELDS
from schemas.query import EngineQuery
from schemas.work import Work
from search_api.context import Context
from search_api.parameters import one, whole_number
from search_api.respelling import words_in
from store import works

MOST, USUAL = 20, 8


class WordSuggestion(msgspec.Struct, kw_only=True, frozen=True):
    """The search with its last word completed, and how many works it finds."""

    text: str
    works: int


class TitleSuggestion(msgspec.Struct, kw_only=True, frozen=True):
    """A work whose title or creators match."""

    id: str
    title: str
    creators: list[str]


class Suggestions(msgspec.Struct, kw_only=True):
    """For a search of at least one letter."""

    q: str
    words: list[WordSuggestion]
    titles: list[TitleSuggestion]


def suggest(context: Context, params: Mapping[str, Sequence[str]]) -> Suggestions:
    """Suggestions for the parameters ``q`` and ``limit``.

    Raises:
        BadParameterError: one of them cannot be used.
        EngineError: the engine does not answer.
    """
    q = one(params, "q")
    limit = whole_number(params, "limit", USUAL, 1, MOST)
    found = Suggestions(q=q, words=[], titles=[])
    words = q.split()
    typed = [parts[0] for word in words if (parts := tokens(word))]
    if not typed:
        return found
    snapshot = context.engine.snapshot()
    completed = [(word, count) for word, count in snapshot.complete(typed, limit) if word not in typed[:-1]]
    clauses = [clause for clause in query_clauses(q + "*") if clause.field is None or clause.field in TEXT_FIELDS]
    query = EngineQuery(clauses=tuple(clauses))
    numbers = snapshot.search_text(query, limit).numbers.tolist() if clauses else []
    with context.database.connect() as connection:
        rows = works.by_numbers(connection, numbers)
    before, written = q[: len(q) - len(words[-1])], _written(rows.values())
    found.words = [WordSuggestion(text=before + written.get(word, word), works=count) for word, count in completed]
    found.titles = [
        TitleSuggestion(id=work.id, title=work.title, creators=[creator.name for creator in work.creators[:3]])
        for number in numbers
        if (work := rows.get(number))
    ]
    return found


def _written(rows: Iterable[Work]) -> dict[str, str]:
    """Words of titles and creators in small letters as they are written there: the index knows them only folded."""
    texts = (text for work in rows for text in (work.title, *(creator.name for creator in work.creators)))
    return {token: word.lower() for text in texts for word, token in words_in(text) if word.isalpha()}
