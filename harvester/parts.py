"""Finding aids that come over OAI-PMH, one record for a whole archive: taken apart into their units.

The aid's own record stays as it came and is read as its collection. Each unit below becomes a record of its own, named
"<identifier of the aid>/<unit>". What an aid no longer has, or all of it when the aid is deleted, is deleted by it.
"""

from __future__ import annotations

import io
from contextlib import nullcontext

import msgspec
from lxml import etree

from harvester.protocols.base import Page
from harvester.protocols.ead_units import split_units
from schemas.catalogue import Quarantined, RawRecord, Source
from store import raw_records
from store.codec import digest
from store.database import Connection

_FORMATS = frozenset({"ead"})


def may_have(source: Source) -> bool:
    """Whether records of a source may hold several things."""
    return source.protocol == "oai" and source.format in _FORMATS


def taken_apart(
    connection: Connection, source: Source, number: int, page: Page, *, run: int, first_run: int
) -> tuple[Page, int]:
    """A page with the units of its finding aids, and tombstones for those that are gone.

    Args:
        connection: in the transaction that stores the page.
        source: whose page it is; pages of other formats stay as they are.
        number: of the source in the store.
        page: as it came.
        run: the run's number.
        first_run: the run that began the list.

    Returns:
        The page, and how many records it has that the source does not count as such.
    """
    if not may_have(source):
        return page, 0
    kept: list[RawRecord] = []
    units: list[RawRecord] = []
    set_aside = list(page.quarantined)
    names: dict[str, set[str]] = {}
    for raw in page.records:
        below = [] if raw.deleted else units_of(raw)
        if below is None:
            reason = "the record holds no finding aid that can be read: no <archdesc> in an <ead>"
            set_aside.append(Quarantined(source=raw.source, record=raw.record, reason=reason, payload=raw.payload))
            continue
        kept.append(raw)
        units += below
        names[raw.record] = {unit.record for unit in below}
    for raw in kept:
        raw.digest = raw.digest or digest(raw.payload)
    now = {raw.record: raw.digest for raw in kept} | {row.record: b"" for row in set_aside}
    before = _before(connection, source.id, number, now)
    for raw in kept:
        gone = before.get(raw.record, set()) - names[raw.record]
        units += [
            RawRecord(source=raw.source, record=name, payload=b"<unit/>", datestamp=raw.datestamp, deleted=True)
            for name in sorted(gone)
        ]
        names[raw.record] |= gone
    # An aid that cannot be read now keeps its units: they must not look as if they had vanished.
    unread = [name for row in set_aside for name in before.get(row.record, ())]
    raw_records.mark_seen(connection, number, run, unread)
    fresh = raw_records.unseen(connection, number, first_run, list(names))
    count = sum(len(names[name]) for name in fresh) + len(unread)
    return msgspec.structs.replace(page, records=[*kept, *units], quarantined=set_aside), count


def without_parts(names: list[str]) -> list[str]:
    """Of identifiers of aids and units, those that can be asked for: not units whose aid is among them."""
    whole = set(names)
    return [name for name in names if not any(name[:at] in whole for at in _slashes(name))]


def _slashes(name: str) -> list[int]:
    return [at for at, character in enumerate(name) if character == "/"]


def units_of(raw: RawRecord) -> list[RawRecord] | None:
    """The units below the collection; None where there is no finding aid."""
    try:
        (own, _), *below = split_units(lambda: nullcontext(io.BytesIO(raw.payload)))
    except (etree.XMLSyntaxError, ValueError):
        return None
    found = {
        name: RawRecord(
            source=raw.source, record=raw.record + name[len(own) :], payload=payload, datestamp=raw.datestamp
        )
        for name, payload in below
    }
    return list(found.values())


def _before(connection: Connection, source: str, number: int, now: dict[str, bytes]) -> dict[str, set[str]]:
    """By aid: the units that it had when it came last; without those that are as they were, by their digest."""
    rows = raw_records.rows_of(connection, number, list(now))
    stored = raw_records.by_ids(connection, source, list(rows.values()))
    return {
        raw.record: {unit.record for unit in units_of(raw) or ()}
        for _, raw in stored
        if not raw.deleted and raw.digest != now[raw.record]
    }
