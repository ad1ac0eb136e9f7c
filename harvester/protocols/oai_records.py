"""Turns the records of an OAI-PMH page into raw records, or into quarantined ones with the reason."""

from __future__ import annotations

from harvester.protocols.oai_guards import SetGuard
from harvester.protocols.oai_headers import OaiRecord
from harvester.protocols.oai_pages import OaiPage
from schemas.catalogue import Quarantined, RawRecord
from store import codec

MAX_RECORD = 16 << 20
OUTSIDE = "the record is outside the asked set: its header names other sets"


def sort_out(page: OaiPage, source: str, place: str, guard: SetGuard) -> tuple[list[RawRecord], list[Quarantined]]:
    """Split the records of a page in those that can be kept and those that cannot.

    Args:
        page: as read.
        source: the source's id.
        place: where the page stands, for the operator ("page 3").
        guard: knows the asked set.
    """
    kept: list[RawRecord] = []
    set_aside = [
        Quarantined(
            source=source,
            record=broken.identifier or _nameless(broken.payload),
            reason=broken.reason,
            position=f"{place}, {broken.position}",
            payload=broken.payload,
        )
        for broken in page.broken
    ]
    for number, record in enumerate(page.records, 1):
        reason = _fault(record, guard)
        if reason:
            set_aside.append(
                Quarantined(
                    source=source,
                    record=record.identifier or _nameless(record.payload),
                    reason=reason,
                    position=f"{place}, record {number}",
                    payload=record.payload,
                )
            )
        else:
            kept.append(
                RawRecord(
                    source=source,
                    record=record.identifier,
                    payload=record.payload,
                    datestamp=record.datestamp,
                    deleted=record.deleted,
                )
            )
    return kept, set_aside


def strays(quarantined: list[Quarantined]) -> list[str]:
    """Of what was set aside, the records that are in other sets than the asked ones, as they say themselves."""
    return [row.record for row in quarantined if row.reason == OUTSIDE]


def _fault(record: OaiRecord, guard: SetGuard) -> str:
    if not record.has_header:
        return "the record has no header"
    if not record.identifier:
        return "the record has no identifier"
    if not record.deleted and not record.has_metadata:
        return "the record has no metadata and is not marked as deleted"
    if len(record.payload) > MAX_RECORD:
        return f"the record is larger than {MAX_RECORD >> 20} MB"
    if guard.outside(record):
        return OUTSIDE
    return ""


def _nameless(payload: bytes) -> str:
    """A stable name for what has no identifier, so that the next run replaces it instead of adding another."""
    return f"unidentified:{codec.digest(payload).hex()}"
