"""The embedded engine's reading side: one consistent view of a generation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tantivy import Order, Query, Schema, Searcher

from indexer.engines.base import Candidates, EngineError, Tier, nearest
from indexer.engines.embedded_query import NUMBER, WITHOUT_TITLE, Translator, title_of, told
from schemas.query import Clause, EngineQuery

MAX_TIES = 20_000
"""How far ties at the end of a page are followed, so that of equal scores the lowest numbers are returned."""

SHALLOW = 200
"""Up to this offset pages by title are ordered by the text alone."""

_FACET_FIELDS = ("type", "language", "decade", "institution")
_FACET_BUCKETS = 1000


class EmbeddedSnapshot:
    """One view of the live generation; see ``indexer.engines.base.Snapshot``."""

    def __init__(self, generation: str, searcher: Searcher, schema: Schema) -> None:
        self.generation = generation
        self._searcher = searcher
        self._translate = Translator(schema)

    def expect(self, searches: Sequence[tuple[EngineQuery, int]], counts: Sequence[EngineQuery]) -> None:
        """Nothing: each question is asked where it is needed, at no cost of a way."""

    def search_text(self, query: EngineQuery, limit: int, *, settle_ties: bool = True) -> Candidates:
        """The best by text score. More than MAX_TIES equal scores at the end of the page: any of them."""
        with told("search"):
            if query.clauses:
                return self._best(self._translate.query(query), limit, MAX_TIES if settle_ties else 0)
            numbers = self._by_number(self._translate.query(query), limit)
            return Candidates(numbers, np.zeros(len(numbers)))

    def search_bounded(self, query: EngineQuery, boost: float, tiers: Sequence[Tier], limit: int) -> Candidates:
        """The best by ``boost * text + edge``; of equal scores at the end of the page any are returned.

        Edges are meant to be positive: tantivy counts a negative one as 0, which still bounds it from above.
        """
        with told("search"):
            return self._best(self._translate.bounded(query, boost, tiers), limit, 0)

    def search_sorted(
        self, query: EngineQuery, field: str, descending: bool, limit: int, offset: int = 0
    ) -> Candidates:
        """Matches by year or sort_title. Deep pages cost little more, but inside thousands of like titles."""
        limit, offset = min(limit, self._searcher.num_docs), max(offset, 0)
        with told("sort"):
            found = self._translate.query(query)
            if field == "year":
                order = "year_descending" if descending else "year_ascending"
                numbers = self._numbers([a for _, a in self._hits(found, limit, order, offset)])
            elif field == "sort_title" and not descending:
                numbers = self._by_title(found, limit, offset)
            elif field == "sort_title":
                titled = self._translate.between(found, "title_start", 0, WITHOUT_TITLE - 1)
                numbers = self._by_title_descending(titled, limit, offset)
                if len(numbers) < limit:
                    rest = self._translate.between(found, "title_start", WITHOUT_TITLE, None)
                    skipped = max(offset - self._count(titled), 0)
                    numbers = np.concatenate((numbers, self._by_title(rest, limit - len(numbers), skipped)))
            else:
                raise EngineError(f"cannot sort by {field!r}, only by year or sort_title")
        return Candidates(numbers, np.zeros(len(numbers)))

    def count(self, query: EngineQuery) -> int:
        """How many match, exactly."""
        if query == EngineQuery():
            return int(self._searcher.num_docs)
        with told("count"):
            return self._count(self._translate.query(query))

    def all_matches(self, query: EngineQuery, limit: int) -> NDArray[np.int64]:
        """Numbers of matches, the lowest ones when there are more than ``limit``."""
        with told("search"):
            return self._by_number(self._translate.query(query), limit)

    def facet(self, query: EngineQuery, field: str, limit: int) -> list[tuple[str, int]]:
        """The most frequent values with exact counts; ties by value."""
        if field not in _FACET_FIELDS:
            raise EngineError(f"cannot count by {field!r}, only by {', '.join(_FACET_FIELDS)}")
        if limit < 1:
            return []
        terms = {"field": field, "size": max(limit, _FACET_BUCKETS), "segment_size": 65_000}
        with told("count"):
            answer: Any = self._searcher.aggregate(self._translate.query(query), {"f": {"terms": terms}})
        buckets = [(bucket["key"], int(bucket["doc_count"])) for bucket in answer["f"]["buckets"]]
        buckets.sort(key=lambda bucket: (-bucket[1], bucket[0]))
        return [(str(int(key)) if isinstance(key, int | float) else key, n) for key, n in buckets[:limit]]

    def complete(self, tokens: Sequence[str], limit: int) -> list[tuple[str, int]]:
        """Words of titles and creators that begin with the last token, with the works that have it and the others."""
        if not tokens or not tokens[-1] or limit < 1:
            return []
        others = tuple(Clause(tokens=(token,)) for token in tokens[:-1])
        beside = self._translate.query(EngineQuery(clauses=others)) if others else None
        with told("complete"):
            words = {
                word
                for field in ("title", "creator")
                for word, count in self._searcher.terms_with_prefix(field, tokens[-1], beside, 2 * limit)
                if count and not (word.isascii() and len(word) == 1)  # initials complete nothing
            }
            counted = [(word, self._with_word(word, others)) for word in words]
        counted.sort(key=lambda pair: (-pair[1], pair[0]))
        return counted[:limit]

    def similar(self, word: str, edits: int) -> list[tuple[str, int]]:
        """Words of titles and creators within so many edits that begin with the same letter."""
        if not word:
            return []
        with told("look for similar words"):
            counted = [
                pair for field in ("title", "creator") for pair in self._searcher.terms_with_prefix(field, word[0])
            ]
        return nearest(word, (pair for pair in counted if abs(len(pair[0]) - len(word)) <= edits), edits)

    def _with_word(self, word: str, others: tuple[Clause, ...]) -> int:
        asked = [Clause(tokens=(word,), field=field) for field in ("title", "creator")]
        either = Query.disjunction_max_query(
            [self._translate.query(EngineQuery(clauses=(clause, *others))) for clause in asked]
        )
        return self._count(either)

    def _count(self, query: Query) -> int:
        result: Any = self._searcher.search(query, 1, count=True)  # its stub forgets the count
        return int(result.count)

    def _hits(
        self, query: Query, limit: int, order: str | None = None, offset: int = 0, direction: Any = Order.Asc
    ) -> list[tuple[Any, Any]]:
        limit = min(limit, self._searcher.num_docs)
        if limit < 1:
            return []
        if order is None:
            return list(self._searcher.search(query, limit, count=False).hits)
        return list(self._searcher.search(query, limit, False, order, offset, direction).hits)

    def _by_title(self, query: Query, limit: int, offset: int) -> NDArray[np.int64]:
        if offset > SHALLOW:
            starts = [start for start, _ in self._hits(query, limit, "title_start", offset)]
            if not starts:
                return _array([])
            offset -= self._count(self._translate.between(query, "title_start", 0, starts[0] - 1)) if starts[0] else 0
            query = self._translate.between(query, "title_start", starts[0], starts[-1])
        return _array([title_of(key)[1] for key, _ in self._hits(query, limit, "sort_title", offset)])

    def _by_title_descending(self, query: Query, limit: int, offset: int) -> NDArray[np.int64]:
        starts = [start for start, _ in self._hits(query, limit, "title_start", offset, Order.Desc)]
        if not starts:
            return _array([])
        offset -= self._count(self._translate.between(query, "title_start", starts[0] + 1, None))
        query = self._translate.between(query, "title_start", starts[-1], starts[0])
        titles = [title_of(key) for key, _ in self._hits(query, self._searcher.num_docs, "sort_title")]
        titles.sort(key=lambda title: title[0] or "", reverse=True)  # stable, so numbers stay ascending
        return _array([number for _, number in titles[offset : offset + limit]])

    def _best(self, query: Query, limit: int, ties: int) -> Candidates:
        wanted = limit + 1 if ties else limit
        hits = self._hits(query, wanted)
        while len(hits) == wanted > limit > 0 and hits[limit - 1][0] == hits[-1][0] and wanted < limit + ties:
            wanted = min(wanted * 4, limit + ties)
            hits = self._hits(query, wanted)
        scores = np.fromiter((score for score, _ in hits), np.float64, len(hits))
        numbers = self._numbers([address for _, address in hits])
        order = np.lexsort((numbers, -scores))[:limit]
        return Candidates(numbers[order], scores[order])

    def _by_number(self, query: Query, limit: int) -> NDArray[np.int64]:
        return _array([number for number, _ in self._hits(query, limit, NUMBER)])

    def _numbers(self, addresses: list[Any]) -> NDArray[np.int64]:
        return _array(self._searcher.fast_field_values(NUMBER, addresses) if addresses else [])


def _array(numbers: Sequence[Any]) -> NDArray[np.int64]:
    return np.array(numbers, dtype=np.int64)
