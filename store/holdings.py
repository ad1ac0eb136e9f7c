"""Where a work's copies are and in which state: the holdings of its records, each at an institution of the registry.

The one place that says which states a holding has: a fact learnt apart from the catalogue (pushed, sent in a file,
looked up) wins over the record's own word for a service unless that is younger, and a record says nothing about a
service that its institution does not offer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

import msgspec
from sqlalchemy import Connection, bindparam, select

from schemas.catalogue import SERVICES, Availability, CatalogueRecord, Holding, RecordHoldings, Service, Source
from schemas.institution import Institution
from schemas.work import Work
from store.availability import Fact
from store.bulk import chunks
from store.institutions import Resolver
from store.tables import harvest_runs, raw_records

DIGITAL: Service = "digital"

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
    records: Mapping[int, tuple[Source, CatalogueRecord | RecordHoldings]],
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
    work: Work, records: Mapping[int, tuple[Source, CatalogueRecord | RecordHoldings]], resolver: Resolver
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


_SEEN_AT = (
    select(raw_records.c.id, raw_records.c.changed_at, harvest_runs.c.started_at)
    .join(harvest_runs, harvest_runs.c.id == raw_records.c.run, isouter=True)
    .where(raw_records.c.id.in_(bindparam("ids", expanding=True)))
)


def seen_at(connection: Connection, record_ids: Sequence[int]) -> dict[int, datetime]:
    """When the own states of records were last true: when they changed, or were confirmed by a later run."""
    found: dict[int, datetime] = {}
    for part in chunks(record_ids):
        for id_, changed, started in connection.execute(_SEEN_AT, {"ids": part}):
            found[id_] = max(moment(changed), moment(started or changed))
    return found


def effective(
    holding: Holding, seen: datetime, institution: int, facts: Iterable[Fact], offered: Sequence[str] = ()
) -> list[Availability]:
    """The states of a holding, one a service, each with the time it was true and how that is known.

    Args:
        holding: as its record describes it.
        seen: when the record's own states were last true (see ``seen_at``).
        institution: number of the institution it is at.
        facts: what was learnt about the record apart from the catalogue. They are the institution's own word about
            this copy, so they count for every service.
        offered: services that the institution declares; empty = it does not say. Where no state is left, these are
            unknown, so that nobody takes silence for a service that is not offered.
    """
    states: dict[str, Availability] = {}
    for own in holding.availability:
        if own.service not in states and _may_say(own.service, offered):
            at = own.checked_at or seen
            states[own.service] = msgspec.structs.replace(own, checked_at=at if at.tzinfo else at.replace(tzinfo=UTC))
    for fact in sorted(facts, key=lambda fact: (fact.checked_at, fact.holding)):
        if fact.institution != institution or fact.holding not in ("", holding.key):
            continue
        at, old = moment(fact.checked_at), states.get(fact.service)
        if old is None or old.checked_at is None or at >= old.checked_at:
            states[fact.service] = Availability(
                service=fact.service, state=fact.state, due=fact.due, checked_at=at, how=fact.how
            )
    return list(states.values()) or [Availability(service=service) for service in _implied(offered)]


def _may_say(service: Service, offered: Sequence[str]) -> bool:
    # A digital copy is what the record links to: it is there whatever the house offers its visitors.
    return not offered or service in offered or service == DIGITAL


def _implied(offered: Sequence[str]) -> list[Service]:
    """The services in which a thing may be had of which nothing is said; a digital copy only where all is digital."""
    named = [service for service in SERVICES if service in offered]
    return [service for service in named if service != DIGITAL] or named


def moment(text: str) -> datetime:
    """A time of the store: ISO 8601, UTC where it names no zone."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
