"""Suggestions for what is being typed: words that go on with it, and titles."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from indexer.analysis import query_clauses, title_key, tokens
from indexer.analysis_folding import UNSPACED
from indexer.engines.base import Snapshot
from schemas.document import TEXT_FIELDS
from schemas.query import Clause, EngineQuery, Terms
from schemas.work import Work
from search_api.context import Context
from search_api.parameters import one, whole_number
from search_api.respelling import respelt, words_in, works_with
from store import works

MOST, USUAL = 20, 8
_LONG_ENOUGH = 5
"""Letters of a last word that nothing begins with before it counts as mistyped."""
_UNSPACED = re.compile(f"[{UNSPACED}]")


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
    clauses = [clause for clause in query_clauses(q + "*") if clause.field is None or clause.field in TEXT_FIELDS]
    typed = [token for clause in clauses for token in clause.tokens]
    if not typed:
        return found
    snapshot = context.engine.snapshot()
    completed = [(word, count) for word, count in snapshot.complete(typed, limit) if word not in typed[:-1]]
    before = _before(q, typed[-1])
    numbers = _titles(tuple(before + word for word, _ in completed) or (q,), clauses, limit, snapshot)
    with context.database.connect() as connection:
        rows = works.by_numbers(connection, numbers)
    written = _written(rows.values())
    found.words = [
        WordSuggestion(text=before + written.get(word, word), works=count)
        for word, count in completed
        if word in written or not _UNSPACED.match(word)  # without blanks these are pairs of characters, and no words
    ]
    found.titles = [
        TitleSuggestion(id=work.id, title=work.title, creators=[creator.name for creator in work.creators[:3]])
        for number in numbers
        if (work := rows.get(number))
    ]
    if not completed and not numbers and len(typed[-1]) >= _LONG_ENOUGH and (other := respelt(q, snapshot)):
        found.words = [WordSuggestion(text=other, works=count)] if (count := works_with(other, snapshot)) else []
    return found


def _before(q: str, token: str) -> str:
    """What stands before the word that is being typed: "title:", "saint-", "l'" too, but not the o' of o'br."""
    last = re.search(r"[^\W_]+\W*$", q)
    if last and tokens(last[0])[:1] == [token]:
        return q[: last.start()]
    return q[: len(q) - len(q.split()[-1])]


def _titles(texts: tuple[str, ...], clauses: list[Clause], limit: int, snapshot: Snapshot) -> list[int]:
    """Numbers of works: first those of which a completed text is the whole title, then those with all words."""
    keys = tuple(dict.fromkeys(key for text in texts if (key := title_key(text))))
    query = EngineQuery(clauses=tuple(clauses))
    called = msgspec.structs.replace(query, filters=(Terms("title_key", keys),))
    numbers = snapshot.search_text(called, limit).numbers.tolist() if keys else []
    if len(numbers) < limit:
        numbers += snapshot.search_text(query, limit).numbers.tolist()
    return list(dict.fromkeys(numbers))[:limit]


def _written(rows: Iterable[Work]) -> dict[str, str]:
    """Words of titles and creators in small letters as they are written there: the index knows them only folded."""
    texts = (
        text for work in rows for text in (work.title, *work.other_titles, *(creator.name for creator in work.creators))
    )
    return {token: word.lower() for text in texts for word, token in words_in(text) if word.isalpha()}
