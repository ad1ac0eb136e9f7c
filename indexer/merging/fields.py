"""The merged description of a work: one rule per field, the same whatever order the records come in.

Precedence: sources in the order that the keeper has set, then the record that says most, then by source and
identifier. "First" below means first in that order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TypeVar

from indexer.analysis import title_key
from indexer.merging.names import surname_key
from schemas.catalogue import CatalogueRecord, Creator
from schemas.work import Edition, Work

MAX_VALUES = 100
"""Of one repeated field; a work of thousands of records would else grow without end."""

_TELLING = (
    "creators",
    "publisher",
    "year",
    "languages",
    "isbns",
    "subjects",
    "description",
    "extent",
    "series",
    "links",
)

T = TypeVar("T")


def merged_work(
    id_: str,
    editions: Sequence[tuple[str, Sequence[tuple[int, CatalogueRecord]]]],
    ranks: Mapping[str, int] = MappingProxyType({}),
) -> Work:
    """The work of some editions.

    Args:
        id_: its public id.
        editions: each with its id and its records by row number.
        ranks: of sources that go before others: 0 = first.
    """
    described = [_edition(edition_id, rows, ranks) for edition_id, rows in editions]
    records = in_order((record for _, rows in editions for _, record in rows), ranks)
    named = _named(records)
    title = named[0].title
    dated = min((r for r in records if r.year is not None), key=lambda r: r.year or 0, default=records[0])
    return Work(
        id=id_,
        title=title,
        other_titles=_other_titles(title, records),
        part=_first(r.part for r in named),
        creators=_creators(named, records),
        publisher=_first(r.publisher for r in records),
        publication_place=_first(r.publication_place for r in records),
        year=dated.year,
        date=dated.date,
        type=_commonest(r.type for r in records if r.type != "other") or "other",
        languages=_commonest_first(language for r in records for language in r.languages),
        isbns=_union((r.isbns for r in records), str),
        issns=_union((r.issns for r in records), str),
        identifiers=_union((r.identifiers for r in records), str),
        subjects=_union((r.subjects for r in records), title_key),
        series=_union((r.series for r in records), title_key),
        extent=_first(r.extent for r in records),
        description=max((r.description for r in records), key=lambda text: (len(text), text)),
        links=_union((r.links for r in records), lambda link: link.url),
        thumbnail=_first(r.thumbnail for r in records),
        host=next((r.host for r in records if r.host), None),
        unit_id=_first(r.unit_id for r in records),
        path=next((r.path for r in records if r.path), []),
        editions=sorted(described, key=lambda e: (e.year is None, e.year or 0, e.id)),
    )


def in_order(records: Iterable[CatalogueRecord], ranks: Mapping[str, int]) -> list[CatalogueRecord]:
    """Records by precedence: of equal values, the first one's is shown."""
    return sorted(records, key=lambda record: (ranks.get(record.source, len(ranks)), *_precedence(record)))


def _edition(id_: str, rows: Sequence[tuple[int, CatalogueRecord]], ranks: Mapping[str, int]) -> Edition:
    records = in_order((record for _, record in rows), ranks)
    return Edition(
        id=id_,
        record_ids=sorted(row for row, _ in rows),
        year=next((r.year for r in records if r.year is not None), None),
        languages=_commonest_first(language for r in records for language in r.languages),
        isbns=_union((r.isbns for r in records), str),
        publisher=_first(r.publisher for r in records),
        edition=_first(r.edition for r in records),
    )


def _precedence(record: CatalogueRecord) -> tuple[int, str, str]:
    return (-sum(bool(getattr(record, name)) for name in _TELLING), record.source, record.record)


def _named(records: Sequence[CatalogueRecord]) -> list[CatalogueRecord]:
    """The records under the commonest title, so that one odd record does not name the work."""
    keys = [title_key(record.title) for record in records]
    counts = Counter(key for key in keys if key)
    if not counts:
        return list(records)
    best = max(counts.values())
    commonest = next(key for key in keys if counts[key] == best)
    return [record for record, key in zip(records, keys, strict=True) if key == commonest]


def _other_titles(title: str, records: Sequence[CatalogueRecord]) -> list[str]:
    texts = ([r.title, *r.other_titles, r.uniform_title] for r in records)
    found = _union(([text for text in row if text] for row in texts), title_key)
    return [text for text in found if title_key(text) != title_key(title)]


def _creators(named: Sequence[CatalogueRecord], records: Sequence[CatalogueRecord]) -> list[Creator]:
    """Those of the first record that has any, and from the others whose family name is not among them."""
    found: list[Creator] = []
    for record in (*named, *records):
        known = {surname_key(creator.name) for creator in found}
        found += [creator for creator in record.creators if surname_key(creator.name) not in known]
        if len(found) >= MAX_VALUES:
            break
    return found[:MAX_VALUES]


def _first(values: Iterable[str]) -> str:
    return next((value for value in values if value), "")


def _commonest(values: Iterable[T]) -> T | None:
    counts = Counter(values)
    return max(counts, key=lambda value: (counts[value], str(value)), default=None)


def _commonest_first(values: Iterable[T]) -> list[T]:
    counts = Counter(values)
    return sorted(counts, key=lambda value: (-counts[value], str(value)))[:MAX_VALUES]


def _union(rows: Iterable[Sequence[T]], key: Callable[[T], str]) -> list[T]:
    """All values, each once by its key, in the order of precedence."""
    found: dict[str, T] = {}
    for row in rows:
        for value in row:
            found.setdefault(key(value), value)
        if len(found) >= MAX_VALUES:
            break
    return list(found.values())[:MAX_VALUES]
