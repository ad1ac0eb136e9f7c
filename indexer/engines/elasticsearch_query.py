"""How engine-neutral queries are said in Elasticsearch's query language."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from indexer.engines.base import FIELD_BOOSTS, TIE_BREAKER, EngineError, Tier
from indexer.engines.elasticsearch_mapping import WORDS
from schemas.document import INTEGER_FIELDS, KEYWORD_FIELDS, TEXT_FIELDS
from schemas.query import Clause, EngineQuery, Range, Terms

Query = dict[str, Any]
_SIMILAR = 100


def whole(query: EngineQuery) -> Query:
    """Clauses and filters; every match has the score of its clauses, 0 for browse."""
    parts: Query = {"filter": [_filter(f) for f in query.filters]}
    if query.clauses:
        parts["must"] = [_text(query)]
    elif not query.filters:
        parts["filter"] = [{"match_all": {}}]
    return {"bool": parts}


def bounded(query: EngineQuery, boost: float, tiers: Sequence[Tier]) -> Query | None:
    """Matches held by an institution of any tier, scored ``boost * text + highest edge``; None = there can be none."""
    edges = [
        _constant({"terms": {"institution": [int(number) for number in tier.institutions]}}, max(float(tier.edge), 0.0))
        for tier in tiers
        if len(tier.institutions)
    ]
    if not edges:
        return None
    must: list[Query] = [{"dis_max": {"queries": edges}}]
    if query.clauses:
        must.append({"bool": {"must": [_text(query)], "boost": float(boost)}})
    return {"bool": {"must": must, "filter": [_filter(f) for f in query.filters]}}


def beginning(prefix: str, others: Sequence[str]) -> Query:
    """Documents with a word in title or creator that begins so, beside the other words in any text field."""
    parts: list[Query] = [{"bool": {"should": [{"prefix": {field: prefix}} for field in ("title", "creator")]}}]
    parts += [{"bool": {"should": [{"term": {field: word}} for field in TEXT_FIELDS]}} for word in others]
    return {"bool": {"filter": parts}}


def similar(field: str, word: str, edits: int) -> Query:
    """The suggester that names the words of a field so many edits from one, with the documents that have each."""
    return {
        "text": word,
        "term": {
            "field": field,
            "suggest_mode": "always",
            "max_edits": edits,
            "prefix_length": 1,
            "min_word_length": 1,
            "string_distance": "damerau_levenshtein",
            "size": _SIMILAR,
            "shard_size": _SIMILAR,
            "max_term_freq": 1.0,
        },
    }


def words_from(prefix: str, limit: int) -> Query:
    """The aggregation that counts the words with this beginning."""
    pattern = re.sub(r"([^\w])", r"\\\1", prefix) + ".*"
    return {"terms": {"field": WORDS, "include": pattern, "size": limit, "shard_size": max(10 * limit, 1000)}}


def _text(query: EngineQuery) -> Query:
    clauses = [_clause(clause) for clause in query.clauses]
    if len(clauses) == 1:
        return clauses[0]
    if query.match == "all":
        return {"bool": {"must": clauses}}
    return {"bool": {"should": clauses, "minimum_should_match": query.least}}


def _clause(clause: Clause) -> Query:
    if clause.field is not None and clause.field not in TEXT_FIELDS:
        return _constant(_terms(clause.field, clause.tokens), 1.0)
    fields = TEXT_FIELDS if clause.field is None else (clause.field,)
    queries = [_in_field(clause, field, FIELD_BOOSTS[field]) for field in fields]
    return queries[0] if len(queries) == 1 else {"dis_max": {"queries": queries, "tie_breaker": TIE_BREAKER}}


def _in_field(clause: Clause, field: str, boost: float) -> Query:
    tokens = clause.tokens
    if clause.phrase and len(tokens) > 1:
        kind = "match_phrase_prefix" if clause.prefix else "match_phrase"
        return {kind: {field: {"query": " ".join(tokens), "boost": boost}}}
    if len(tokens) == 1 and not clause.prefix:
        return {"term": {field: {"value": tokens[0], "boost": boost}}}
    queries: list[Query] = [{"term": {field: token}} for token in tokens]
    if clause.prefix:
        queries[-1] = _constant({"prefix": {field: tokens[-1]}}, 1.0)
    return {"bool": {"must": queries, "boost": boost}}


def _filter(filter_: Terms | Range) -> Query:
    if isinstance(filter_, Terms):
        return _terms(filter_.field, filter_.values)
    if filter_.low is None and filter_.high is None:
        return {"exists": {"field": filter_.field}}
    limits = {"gte": filter_.low, "lte": filter_.high}
    return {"range": {filter_.field: {name: value for name, value in limits.items() if value is not None}}}


def _terms(field: str, values: Sequence[str | int]) -> Query:
    if field not in KEYWORD_FIELDS and field not in INTEGER_FIELDS:
        raise EngineError(f"there is no field {field!r} to filter by")
    typed = [int(value) if field in INTEGER_FIELDS else str(value) for value in values]
    return {"terms": {field: typed}}


def _constant(query: Query, score: float) -> Query:
    return {"constant_score": {"filter": query, "boost": score}}
