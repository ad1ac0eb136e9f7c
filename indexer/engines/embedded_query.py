"""The embedded engine's schema, and how engine-neutral documents and queries are said in tantivy."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tantivy import (
    Document,
    FieldType,
    Index,
    Occur,
    Query,
    Schema,
    SchemaBuilder,
    TextAnalyzerBuilder,
    Tokenizer,
)

from indexer.engines.base import FIELD_BOOSTS, TIE_BREAKER, EngineError, Tier
from schemas import document as documents
from schemas.document import INTEGER_FIELDS, KEYWORD_FIELDS, TEXT_FIELDS
from schemas.query import Clause, EngineQuery, Range, Terms

NUMBER = "number"
REBUILD = "run `lampway index --rebuild`"
_OF_THE_DISK = {
    "os error 28": "make room on the disk; what was to be indexed waits in the store",
    "PermissionDenied": "check owner and rights of the folder `index` in LAMPWAY_HOME",
}
"""What tantivy's words tell of the machine, and what helps then."""
_FACETS = ("type", "language")
_NUMBER_BITS, _YEAR_LIMIT = 40, 1 << 20
_LAST_TITLE = "\U0010ffff"


@contextmanager
def told(what: str) -> Iterator[None]:
    """Turn what tantivy raises into EngineError, its panics too, which Python does not count as exceptions."""
    try:
        yield
    except (ValueError, OSError, RuntimeError, TypeError) as error:
        told = str(error)
        mend = next((mend for sign, mend in _OF_THE_DISK.items() if sign in told), f"if this stays, {REBUILD}")
        raise EngineError(f"the search index cannot {what}: {told}; {mend}") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise EngineError(f"the search index is damaged, it cannot {what}: {error}; {REBUILD}") from error


def build_schema() -> Schema:
    """The fields. Numbers are signed: on unsigned fields tantivy-py deletes by term nothing, silently."""
    builder = SchemaBuilder()
    builder.add_integer_field(NUMBER, indexed=True, fast=True)
    for name in TEXT_FIELDS:
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="position")
    for name in KEYWORD_FIELDS:
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=name in _FACETS)
    for name in INTEGER_FIELDS:
        builder.add_integer_field(name, indexed=True, fast=True)
    # tantivy orders by one field only and breaks ties by its own addresses: these hold the value and the number.
    builder.add_integer_field("year_ascending", fast=True)
    builder.add_integer_field("year_descending", fast=True)
    builder.add_text_field("sort_title", tokenizer_name="raw", index_option="basic", fast=True)
    # The first bytes of sort_title: ordering by text takes seconds on a page behind 100,000 others, by numbers not.
    builder.add_integer_field("title_start", fast=True)
    return builder.build()


def register(index: Index) -> None:
    """Give an opened index the tokenizer of its text fields: tokens arrive analysed, blanks part them."""
    index.register_tokenizer("whitespace", TextAnalyzerBuilder(Tokenizer.whitespace()).build())


def to_tantivy(document: documents.Document, schema: Schema) -> Document:
    """One document in tantivy's form.

    Raises:
        ValueError, UnicodeEncodeError: a value does not fit its field.
    """
    number, year = document.number, document.year
    sorted_by = f"{document.sort_title or _LAST_TITLE}\0{number:012d}"
    values: dict[str, Any] = {
        NUMBER: number,
        "title": " ".join(document.title),
        "creator": " ".join(document.creator),
        "subject": " ".join(document.subject),
        "text": " ".join(document.text),
        "type": document.type,
        "language": document.language,
        "isbn": document.isbn,
        "identifier": document.identifier,
        "title_key": document.title_key,
        "fingerprint": [document.fingerprint] if document.fingerprint else [],
        "institution": document.institution,
        "year_ascending": year_key(year, number, descending=False),
        "year_descending": year_key(year, number, descending=True),
        "sort_title": sorted_by,
        "title_start": title_start(sorted_by),
    }
    if year is not None:
        values["year"] = year
    if years := document.years or ([] if year is None else [year]):
        values["years"] = years
        values["decade"] = sorted({own // 10 * 10 for own in years})
    return Document.from_dict(values, schema)


def year_key(year: int | None, number: int, *, descending: bool) -> int:
    """One integer that orders by year, then by number ascending; without a year last."""
    if year is None:
        place = 2 * _YEAR_LIMIT
    else:
        within = max(-_YEAR_LIMIT + 1, min(_YEAR_LIMIT - 1, year))
        place = _YEAR_LIMIT + (-within if descending else within)
    return place << _NUMBER_BITS | number


def title_start(key: str) -> int:
    """The first seven bytes of a value of sort_title as a number, which orders alike as far as it goes."""
    return int.from_bytes(key.encode()[:7].ljust(7, b"\0"), "big")


WITHOUT_TITLE = title_start(_LAST_TITLE)
"""From here on stand the documents without a title."""


def title_of(key: str) -> tuple[str | None, int]:
    """The title (None = without) and the number in a value of the field sort_title."""
    title, _, number = key.rpartition("\0")
    return (None if title == _LAST_TITLE else title), int(number)


class Translator:
    """Says an EngineQuery in tantivy's terms."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema

    def query(self, query: EngineQuery) -> Query:
        """Clauses and filters; every match has the score of its clauses, 0 for browse."""
        parts = [(Occur.Must, self._filter(f)) for f in query.filters]
        if query.clauses:
            parts.append((Occur.Must, self._text(query)))
        if not parts:
            return Query.const_score_query(Query.all_query(), 0.0)
        return parts[0][1] if len(parts) == 1 else Query.boolean_query(parts)

    def bounded(self, query: EngineQuery, boost: float, tiers: Sequence[Tier]) -> Query:
        """Matches held by an institution of any tier, scored ``boost * text + highest edge``."""
        edges = [
            Query.const_score_query(self._terms("institution", tier.institutions), float(tier.edge))
            for tier in tiers
            if tier.institutions
        ]
        if not edges:
            return Query.empty_query()
        parts = [(Occur.Must, self._filter(f)) for f in query.filters]
        parts.append((Occur.Must, Query.disjunction_max_query(edges) if len(edges) > 1 else edges[0]))
        if query.clauses:
            parts.append((Occur.Must, Query.boost_query(self._text(query), float(boost))))
        return Query.boolean_query(parts)

    def between(self, query: Query, field: str, low: int, high: int | None) -> Query:
        """The matches of a query whose number in a field lies in [low, high]."""
        within = Query.range_query(self.schema, field, FieldType.Integer, low, high)
        return Query.boolean_query([(Occur.Must, query), (Occur.Must, within)])

    def _text(self, query: EngineQuery) -> Query:
        clauses = [self._clause(clause) for clause in query.clauses]
        if len(clauses) == 1:
            return clauses[0]
        if query.match == "all":
            return Query.boolean_query([(Occur.Must, clause) for clause in clauses])
        return Query.boolean_query([(Occur.Should, clause) for clause in clauses], query.least)

    def _clause(self, clause: Clause) -> Query:
        if clause.field is not None and clause.field not in TEXT_FIELDS:
            return Query.const_score_query(self._terms(clause.field, clause.tokens), 1.0)
        fields = TEXT_FIELDS if clause.field is None else (clause.field,)
        queries = [Query.boost_query(self._in_field(clause, field), FIELD_BOOSTS[field]) for field in fields]
        return queries[0] if len(queries) == 1 else Query.disjunction_max_query(queries, TIE_BREAKER)

    def _in_field(self, clause: Clause, field: str) -> Query:
        tokens: list[str | tuple[int, str]] = list(clause.tokens)
        if clause.phrase and len(tokens) > 1:
            if clause.prefix:
                return Query.phrase_prefix_query(self.schema, field, tokens)
            return Query.phrase_query(self.schema, field, tokens)
        queries = [Query.term_query(self.schema, field, token, "freq") for token in clause.tokens]
        if clause.prefix:
            beginning = Query.regex_query(self.schema, field, re.escape(clause.tokens[-1]) + ".*")
            queries[-1] = Query.const_score_query(beginning, 1.0)
        return queries[0] if len(queries) == 1 else Query.boolean_query([(Occur.Must, q) for q in queries])

    def _filter(self, filter_: Terms | Range) -> Query:
        # Without the constant 0 a filter would add to the score.
        if isinstance(filter_, Terms):
            return Query.const_score_query(self._terms(filter_.field, filter_.values), 0.0)
        if filter_.low is None and filter_.high is None:
            return Query.const_score_query(Query.exists_query(filter_.field), 0.0)
        return Query.const_score_query(
            Query.range_query(self.schema, filter_.field, FieldType.Integer, filter_.low, filter_.high), 0.0
        )

    def _terms(self, field: str, values: Sequence[str | int]) -> Query:
        if field not in KEYWORD_FIELDS and field not in INTEGER_FIELDS:
            raise EngineError(f"there is no field {field!r} to filter by")
        typed = [int(value) if field in INTEGER_FIELDS else str(value) for value in values]
        if len(typed) == 1:
            return Query.term_query(self.schema, field, typed[0], "basic")
        return Query.term_set_query(self.schema, field, typed)
