"""The Elasticsearch engine's reading side: one point in time of a generation, and what was asked of it before.

What does not depend on the user (text, counts, facets) is asked once and kept: the point in time never changes.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from elasticsearch import Elasticsearch
from numpy.typing import NDArray

from indexer.engines import elasticsearch_query as dsl
from indexer.engines.base import Candidates, EngineError, Tier, nearest
from indexer.engines.elasticsearch_client import told
from indexer.engines.elasticsearch_mapping import FACETS, NUMBER, WINDOW
from indexer.engines.elasticsearch_memory import Memory
from schemas.query import EngineQuery

KEEP_ALIVE_S = 60
"""The cluster forgets a point in time so long after its last use."""
_PAGE = 20_000
_KEPT = {"text": 1000, "long text": 64, "matches": 64, "count": 1000, "facet": 1000, "words": 1000}
_FEW, _MANY = 2000, 10_001
"""Hits from which a text is long, and more than which none are kept."""
_EACH = b'{"search_type":"dfs_query_then_fetch","allow_partial_search_results":false}\n'
_BUCKETS = 1000
_BARE = {"_source": False, "stored_fields": "_none_"}
"""Else the server reads each hit's id from its stored fields, which costs more than the search."""
_BY_NUMBER = [{NUMBER: "asc"}]
_BY_SCORE = [{"_score": "desc"}, {NUMBER: "asc"}]


class ElasticsearchSnapshot:
    """One view of a generation; see ``indexer.engines.base.Snapshot``. Threads may share it."""

    def __init__(self, client: Elasticsearch, generation: str, point: str) -> None:
        self.generation = generation
        self._client, self._point, self._used = client, point, time.monotonic()
        self._memory = Memory(_KEPT)

    def lives(self) -> bool:
        """Whether the cluster surely still knows it, for long enough for one search."""
        return time.monotonic() - self._used < KEEP_ALIVE_S / 2

    def forget(self) -> None:
        """Forget what was asked before, as measurements must."""
        self._memory.forget()

    def expect(self, searches: Sequence[tuple[EngineQuery, int]], counts: Sequence[EngineQuery]) -> None:
        """Ask all that is not known yet in one request, which costs little more than each of them alone."""
        texts = [asked for asked in searches if 0 < asked[1] <= _FEW and not self._memory.knows("text", asked)]
        numbers = [query for query in counts if not self._memory.knows("count", query)]
        if len(texts) + len(numbers) < 2:
            return
        bodies = [_text_body(query) | {"size": limit} for query, limit in texts]
        answers = self._ask_all([*bodies, *map(_count_body, numbers)])
        # What has failed is asked for again alone, which tells what is wrong.
        for asked, answer in zip(texts, answers, strict=False):
            if answer["status"] == 200:
                self._memory.keep("text", asked, _text_candidates(asked[0], _rows_of(answer)))
        for query, answer in zip(numbers, answers[len(texts) :], strict=True):
            if answer["status"] == 200:
                self._memory.keep("count", query, _count_of(answer))

    def close(self) -> None:
        """Let the cluster forget it."""
        with told("be closed"):
            self._client.options(ignore_status=404).close_point_in_time(id=self._point)

    def search_text(self, query: EngineQuery, limit: int, *, settle_ties: bool = True) -> Candidates:
        """The best by text score; ties are always settled, by the server while it searches: asking again costs more."""
        if limit > _MANY:
            return self._search_text(query, limit)
        kind = "text" if limit <= _FEW else "long text"
        return self._memory.once(kind, (query, limit), lambda: self._search_text(query, limit))  # type: ignore[no-any-return]

    def search_bounded(self, query: EngineQuery, boost: float, tiers: Sequence[Tier], limit: int) -> Candidates:
        """The best by ``boost * text + edge``; of equal scores at the end of the page any are returned."""
        asked = dsl.bounded(query, boost, tiers)
        return self._by_score(asked, limit) if asked else _candidates([], [])

    def search_sorted(
        self, query: EngineQuery, field: str, descending: bool, limit: int, offset: int = 0
    ) -> Candidates:
        """Matches by year or sort_title."""
        if field not in ("year", "sort_title"):
            raise EngineError(f"cannot sort by {field!r}, only by year or sort_title")
        order = [{field: {"order": "desc" if descending else "asc", "missing": "_last"}}, {NUMBER: "asc"}]
        numbers = [row[1] for row in self._rows(dsl.whole(query), order, limit, max(offset, 0))]
        return _candidates(numbers, [])

    def count(self, query: EngineQuery) -> int:
        """How many match, exactly."""
        return int(self._memory.once("count", query, lambda: self._count(query)))

    def all_matches(self, query: EngineQuery, limit: int) -> NDArray[np.int64]:
        """Numbers of matches, the lowest ones when there are more than ``limit``."""
        if limit > _MANY:
            return self._matches(query, limit)
        return self._memory.once("matches", (query, limit), lambda: self._matches(query, limit))  # type: ignore[no-any-return]

    def facet(self, query: EngineQuery, field: str, limit: int) -> list[tuple[str, int]]:
        """The most frequent values with exact counts; ties by value."""
        if field not in FACETS:
            raise EngineError(f"cannot count by {field!r}, only by {', '.join(FACETS)}")
        if limit < 1:
            return []
        return list(self._memory.once("facet", (query, field, limit), lambda: self._facet(query, field, limit)))

    def complete(self, tokens: Sequence[str], limit: int) -> list[tuple[str, int]]:
        """Words of titles and creators that begin with the last token, with the works that have it and the others."""
        if not tokens or not tokens[-1] or limit < 1:
            return []
        words = tuple(tokens)
        return list(self._memory.once("words", (words, limit), lambda: self._complete(words, limit)))

    def similar(self, word: str, edits: int) -> list[tuple[str, int]]:
        """Words of titles and creators within so many edits that begin with the same letter."""
        if not word:
            return []
        return list(self._memory.once("words", (word, edits), lambda: self._similar(word, edits)))

    def _matches(self, query: EngineQuery, limit: int) -> NDArray[np.int64]:
        return _candidates([row[0] for row in self._rows(dsl.whole(query), _BY_NUMBER, limit)], []).numbers

    def _search_text(self, query: EngineQuery, limit: int) -> Candidates:
        body = _text_body(query)
        return _text_candidates(query, self._rows(body["query"], body["sort"], limit))

    def _by_score(self, query: dsl.Query, limit: int) -> Candidates:
        """The best by score alone; equal ones by number, but at the end of the page any of them."""
        if limit > WINDOW:
            rows = self._rows(query, _BY_SCORE, limit)
            return _candidates([row[1] for row in rows], [row[0] for row in rows])
        body = {"size": limit, "docvalue_fields": [NUMBER]}
        answer = self._ask({"query": query, **body}, "hits.hits._score,hits.hits.fields")
        hits = answer.get("hits", {}).get("hits", ())
        found = _candidates([hit["fields"][NUMBER][0] for hit in hits], [hit["_score"] for hit in hits])
        order = np.lexsort((found.numbers, -found.scores))
        return Candidates(found.numbers[order], found.scores[order])

    def _rows(self, query: dsl.Query, order: list[Any], limit: int, offset: int = 0) -> list[list[Any]]:
        """Sort values of matches; a point in time adds one of its own at the end of each."""
        body: dict[str, Any] = {"query": query, "sort": order}
        rows: list[list[Any]] = []
        if offset + limit <= WINDOW:
            return self._page(body | {"size": limit, "from": offset})
        while len(rows) < offset + limit:  # so deep that the server only goes on from where the page before ended
            size = min(_PAGE, offset + limit - len(rows))
            page = self._page(body | {"size": size} | ({"search_after": rows[-1]} if rows else {}))
            rows += page
            if len(page) < size:
                break
        return rows[offset:]

    def _page(self, body: dict[str, Any]) -> list[list[Any]]:
        if not body["size"]:
            return []
        return _rows_of(self._ask(body, "hits.hits.sort"))

    def _count(self, query: EngineQuery) -> int:
        return _count_of(self._ask(_count_body(query), "hits.total"))

    def _facet(self, query: EngineQuery, field: str, limit: int) -> list[tuple[str, int]]:
        # So many buckets from each shard that the counts are exact, but for an institution behind 10,000 others.
        terms = {"field": field, "size": max(limit, _BUCKETS), "shard_size": 10 * max(limit, _BUCKETS)}
        buckets = self._buckets(dsl.whole(query), {"terms": terms})
        buckets.sort(key=lambda bucket: (-bucket[1], bucket[0]))
        return [(str(key), n) for key, n in buckets[:limit]]

    def _complete(self, tokens: tuple[str, ...], limit: int) -> list[tuple[str, int]]:
        buckets = self._buckets(dsl.beginning(tokens[-1], tokens[:-1]), dsl.words_from(tokens[-1], limit))
        return sorted(buckets, key=lambda bucket: (-bucket[1], bucket[0]))[:limit]

    def _similar(self, word: str, edits: int) -> list[tuple[str, int]]:
        asked = {field: dsl.similar(field, word, edits) for field in ("title", "creator")}
        answer = self._ask({"size": 0, "suggest": asked}, "suggest.*.options.text,suggest.*.options.freq")
        options = [
            option for parts in answer.get("suggest", {}).values() for part in parts for option in part["options"]
        ]
        return nearest(word, ((option["text"], int(option["freq"])) for option in options), edits)

    def _buckets(self, query: dsl.Query, counted: dsl.Query) -> list[tuple[Any, int]]:
        answer = self._ask({"size": 0, "query": query, "aggs": {"f": counted}}, "aggregations.f.buckets")
        found = answer.get("aggregations", {}).get("f", {}).get("buckets", ())
        return [(bucket["key"], int(bucket["doc_count"])) for bucket in found]

    def _ask(self, body: dict[str, Any], wanted: str) -> Any:
        """One search of the point in time; all shards answer, or it fails."""
        how = "search_type=dfs_query_then_fetch&allow_partial_search_results=false"
        return self._send(f"/_search?{how}&filter_path={wanted}", "application/json", self._whole(body))

    def _ask_all(self, bodies: Sequence[dict[str, Any]]) -> list[Any]:
        """Several searches in one request; each answer with its status."""
        data = b"".join(_EACH + msgspec.json.encode(self._whole(body)) + b"\n" for body in bodies)
        wanted = "responses.status,responses.hits.total,responses.hits.hits.sort"
        answers = self._send(f"/_msearch?filter_path={wanted}", "application/x-ndjson", data)
        return list(answers["responses"])

    def _whole(self, body: dict[str, Any]) -> dict[str, Any]:
        return {"track_total_hits": False, "pit": {"id": self._point, "keep_alive": KEEP_ALIVE}} | _BARE | body

    def _send(self, path: str, kind: str, body: Any) -> Any:
        self._used = time.monotonic()
        headers = {"accept": "application/json", "content-type": kind}
        with told("be searched"):
            return self._client.perform_request("POST", path, headers=headers, body=body).body


KEEP_ALIVE = f"{KEEP_ALIVE_S}s"


def _text_body(query: EngineQuery) -> dict[str, Any]:
    return {"query": dsl.whole(query), "sort": _BY_SCORE if query.clauses else _BY_NUMBER}


def _count_body(query: EngineQuery) -> dict[str, Any]:
    return {"query": dsl.whole(query), "size": 0, "track_total_hits": True}


def _rows_of(answer: Any) -> list[list[Any]]:
    return [hit["sort"] for hit in answer.get("hits", {}).get("hits", ())]


def _count_of(answer: Any) -> int:
    return int(answer["hits"]["total"]["value"])


def _text_candidates(query: EngineQuery, rows: list[list[Any]]) -> Candidates:
    if not query.clauses:
        return _candidates([row[0] for row in rows], [])
    return _candidates([row[1] for row in rows], [row[0] for row in rows])


def _candidates(numbers: Sequence[int], scores: Sequence[float]) -> Candidates:
    """Arrays that may be shared: nobody can write to them."""
    found = Candidates(
        np.array(numbers, np.int64), np.array(scores, np.float64) if scores else np.zeros(len(numbers), np.float64)
    )
    found.numbers.flags.writeable = found.scores.flags.writeable = False
    return found
