"""Who says what of the merged description: for every value the records that have it, by precedence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from indexer.analysis import title_key
from indexer.merging.fields import in_order
from indexer.merging.names import surname_key
from schemas.catalogue import CatalogueRecord
from schemas.decisions import RecordRef
from schemas.explanation import Told
from schemas.work import Work

_SAME: dict[str, Callable[[str], str]] = {
    "title": title_key,
    "other_titles": title_key,
    "creators": surname_key,
    "subjects": title_key,
    "series": title_key,
}
"""Fields whose values are the same in more than one spelling; the spelling shown is that of the first record."""

FIELDS = (
    "title", "other_titles", "part", "creators", "publisher", "publication_place", "year", "date", "type", "languages",
    "isbns", "issns", "identifiers", "subjects", "series", "extent", "description", "links", "thumbnail", "host",
    "unit_id", "path",
)  # fmt: skip


def provenance(work: Work, records: Iterable[CatalogueRecord], ranks: Mapping[str, int]) -> list[Told]:
    """For every value that a work shows, the records that say so.

    Args:
        work: as merged.
        records: its records.
        ranks: of sources that go before others, as for ``merged_work``.
    """
    ordered = in_order(records, ranks)
    found: list[Told] = []
    for field in FIELDS:
        same = _SAME.get(field, str)
        by_value: dict[str, list[RecordRef]] = {}
        for record in ordered:
            for key in dict.fromkeys(same(text) for text in _texts(record, field)):
                by_value.setdefault(key, []).append(RecordRef(source=record.source, record=record.record))
        found += [
            Told(field=field, value=text, records=by_value.get(same(text), []))
            for text in _texts(work, field, own=True)
        ]
    return found


def _texts(of: CatalogueRecord | Work, field: str, own: bool = False) -> Sequence[str]:
    """A field's values as texts."""
    if field == "path":
        return [" › ".join(of.path)] if of.path else []
    if field == "host":
        host = of.host
        return [", ".join(t for t in (host.title, host.volume, host.issue, host.pages) if t)] if host else []
    if field == "other_titles" and not own and isinstance(of, CatalogueRecord):
        return [text for text in (of.title, *of.other_titles, of.uniform_title) if text]
    value = getattr(of, field)
    if isinstance(value, list):
        return [getattr(one, "name", None) or getattr(one, "url", None) or str(one) for one in value]
    return [] if value in ("", None) else [str(value)]
