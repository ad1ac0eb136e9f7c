"""Where a work's copies are: the holdings of its records, each placed at the institution that the registry knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from schemas.catalogue import CatalogueRecord, Holding, Source
from schemas.institution import Institution
from schemas.work import Work
from store.institutions import Resolver

IMPLIED = Holding()
"""What a record says by merely being in a catalogue: its institution has the thing, in an unknown state."""


class PlacedHolding(msgspec.Struct, kw_only=True):
    """A holding with its place. ``ordinal`` is its position in the record's list; -1 when it is only implied."""

    record_id: int
    ordinal: int
    source: str
    edition: str
    holding: Holding
    institution: Institution | None


def place(
    work: Work,
    records: Mapping[int, tuple[Source, CatalogueRecord]],
    resolver: Resolver,
) -> list[PlacedHolding]:
    """All holdings of a work, in the order of its editions, records and their lists.

    Args:
        work: the work.
        records: its records by row number, each with its source; missing and deleted ones count as having none.
        resolver: the registry of institutions.
    """
    return list(_placed(work, records, resolver))


def _placed(
    work: Work, records: Mapping[int, tuple[Source, CatalogueRecord]], resolver: Resolver
) -> Iterator[PlacedHolding]:
    for edition in work.editions:
        for record_id in edition.record_ids:
            if record_id not in records or records[record_id][1].deleted:
                continue
            source, record = records[record_id]
            for ordinal, holding in numbered(record.holdings):
                yield PlacedHolding(
                    record_id=record_id,
                    ordinal=ordinal,
                    source=source.id,
                    edition=edition.id,
                    holding=holding,
                    institution=resolver.resolve(source.institution, holding.institution, holding.branch),
                )


def numbered(holdings: list[Holding]) -> Iterable[tuple[int, Holding]]:
    """Holdings with their ordinals; the implied one when there are none."""
    return enumerate(holdings) if holdings else [(-1, IMPLIED)]
