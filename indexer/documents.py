"""Work + its records with their places -> Document: what an engine indexes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from indexer.analysis import field_tokens, identifier_key, sort_title, title_keys
from indexer.analysis_romanised import one_word_keys, romanised
from schemas.catalogue import RecordHoldings, Source
from schemas.document import Document
from schemas.type_words import TYPE_WORDS
from schemas.work import Work
from store import records
from store.database import Connection
from store.holdings import PlacedHolding, place
from store.institutions import Resolver

MAX_KEYS = 200
"""Values of one keyword field."""
LEAST_NAMES = 40
"""Tokens of the field of creators: a name that catalogues write in several scripts must not count for less."""


def documents_of(connection: Connection, works: Sequence[Work], resolver: Resolver) -> list[Document]:
    """The documents of some works, with their holdings placed by the registry as it is now."""
    rows = records.holdings_with_sources(
        connection, [id_ for work in works for e in work.editions for id_ in e.record_ids]
    )
    return [document_of(work, rows, place(work, rows, resolver)) for work in works]


def document_of(
    work: Work, rows: Mapping[int, tuple[Source, RecordHoldings]], placed: Iterable[PlacedHolding]
) -> Document:
    """The document of one work.

    Args:
        work: the work.
        rows: its records by row number, each with its source.
        placed: its holdings.
    """
    institutions: set[int] = set()
    shelf_marks: set[str] = set()
    for holding in placed:
        if holding.institution is not None:
            institutions.add(holding.institution.number)
        if holding.holding.call_number:
            shelf_marks.add(holding.holding.call_number)
    titles = [work.title, *work.other_titles]
    keys = dict.fromkeys(key for title in titles for key in title_keys(title))
    names = [creator.name for creator in work.creators]
    document = Document(
        number=work.number,
        title=field_tokens([work.title, work.part, *work.other_titles, *romanised(titles, work.languages)]),
        creator=field_tokens([*names, *map(initials, names), *romanised(names, work.languages)], LEAST_NAMES),
        subject=field_tokens(work.subjects),
        text=field_tokens(_text(work)),
        type=work.type,
        language=work.languages,
        isbn=[*work.isbns, *(issn.replace("-", "") for issn in work.issns)],
        identifier=_identifiers(work, rows, sorted(shelf_marks)),
        title_key=list(keys | dict.fromkeys(one_word_keys(keys, work.languages))),
        institution=sorted(institutions),
        year=work.year,
        years=sorted({edition.year for edition in work.editions if edition.year is not None}),
        sort_title=sort_title(work.title),
    )
    document.fingerprint = fingerprint(document)
    return document


def fingerprint(document: Document) -> str:
    """Hash of a document with its number, in which a change of any field shows."""
    bare = msgspec.structs.replace(document, fingerprint="")
    return hashlib.blake2b(msgspec.msgpack.encode(bare), digest_size=10).hexdigest()


def initials(name: str) -> str:
    """The initials of the given names in "Austen, Jane" ("J."), by which a name is often asked for ("J. Austen")."""
    given = name.partition(",")[2].partition(",")[0].partition("(")[0].split()
    return " ".join(f"{word[0]}." for word in given if len(word) > 2 and word[0].isalpha() and "." not in word)


def _text(work: Work) -> Iterable[str]:
    yield from (work.description, work.publisher, work.publication_place, work.date, work.unit_id)
    yield from work.series
    yield from work.path
    yield from (edition.edition for edition in work.editions)
    yield " ".join(sorted({str(edition.year) for edition in work.editions if edition.year}))
    if work.host:
        yield work.host.title
    yield from TYPE_WORDS.get(work.type, ())


def _identifiers(
    work: Work, rows: Mapping[int, tuple[Source, RecordHoldings]], shelf_marks: Sequence[str]
) -> list[str]:
    own = [value for name in work.identifiers for value in (name, name.partition(":")[2])]
    named = [rows[id_][1].record for edition in work.editions for id_ in edition.record_ids if id_ in rows]
    keys = (identifier_key(text)[:MAX_KEYS] for text in (work.unit_id, *own, *named, *shelf_marks))
    return list(dict.fromkeys(key for key in keys if key))[:MAX_KEYS]
