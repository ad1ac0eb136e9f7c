"""Leaving: what disappears with a source, and its end when the rest of a withdrawn one is over."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np

from config.settings import Settings
from schemas.account import Act
from schemas.catalogue import Source
from schemas.registration import Registration
from search_api.accounts import emptied
from store import accounts, api_keys, audit, quarantine, registrations, source_content, sources
from store.columns import Columns
from store.database import Connection, Database

_ACTOR = "lampway"


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What disappears when a source is withdrawn."""

    records: int
    unreadable: int
    """Records in quarantine."""
    works_only_here: int
    copies: int
    """Of those that the records name."""
    keys: list[str] = []
    """What the institution's API keys are called; none unless this is its only source."""
    people: list[str] = []
    """Mail addresses of those who lose their role for it; none unless this is its only source."""


def preview(connection: Connection, columns: Columns, source: Source) -> Preview:
    """Count what disappears; a second for a million records."""
    number = sources.number_of(connection, source.id) or 0
    living = source_content.living(connection, number)
    own = np.array([row for row, _ in living], np.int64)
    rows, _ = columns.view.rows_of(np.unique(np.array([work for _, work in living if work], np.int64)))
    record, ordinal = columns.view.record(rows), columns.view.ordinal(rows)
    named = np.isin(record, own) & (ordinal >= 0)
    last = source.institution and _is_only(connection, source)
    return Preview(
        records=len(living),
        unreadable=quarantine.count(connection, number),
        works_only_here=source_content.works_only_here(connection, number),
        copies=len(np.unique(np.stack([record[named], ordinal[named].astype(np.int64)]), axis=1).T),
        keys=[key.label or key.id for key in _valid_keys(connection, source.institution)] if last else [],
        people=[person.email for person, _ in accounts.members_of(connection, source.institution)] if last else [],
    )


def end_rests(database: Database, settings: Settings, now: datetime) -> int:
    """Remove for good what was withdrawn so long ago that it cannot come back; returns how many sources went.

    With the source go its raw records, records, quarantine, runs and log-in, and the uploaded file. The registration
    and the audit stay, and the tombstones of its works. When it was the institution's only source, its keys and the
    roles for it end, too; one that came by its registration goes with it.
    """
    before = (now - timedelta(days=settings.rest_days)).isoformat(timespec="seconds")
    with database.connect() as connection:
        over = [
            row for row in registrations.in_state(connection, "withdrawn") if row.source and row.changed_at < before
        ]
    for registration in over:
        with database.begin() as connection:
            fresh = registrations.get(connection, registration.id)
            if fresh is None or fresh.state != "withdrawn" or not fresh.source:
                continue
            _end(connection, fresh)
        remove_upload(settings, registration.proposal.location)
    return len(over)


def remove_upload(settings: Settings, location: str) -> None:
    """Delete an uploaded file; what is no file of ours stays."""
    if location and "://" not in location and Path(location).resolve().parent == (settings.home / "uploads").resolve():
        Path(location).unlink(missing_ok=True)


def _end(connection: Connection, registration: Registration) -> None:
    source = sources.get(connection, registration.source)
    own = registration.proposal.institution
    if source is not None:
        last = own and _is_only(connection, source)
        sources.remove(connection, source.id)
        _note(connection, "source.remove", f"source:{source.id}", own)
        for key in _valid_keys(connection, own) if last else ():
            api_keys.revoke(connection, key.id)
            _note(connection, "key.revoke", f"key:{key.id}", own)
        for person, _ in accounts.members_of(connection, own) if last else ():
            accounts.set_role(connection, person.number, own, None)
            _note(connection, "member.remove", f"account:{person.email}", own)
    registration.source = ""
    registrations.change(connection, registration)
    if emptied.remove_if_emptied(connection, own):
        _note(connection, "institution.remove", f"institution:{own}", own)


def _is_only(connection: Connection, source: Source) -> bool:
    return all(
        other.id == source.id or other.institution != source.institution for other in sources.all_sources(connection)
    )


def _valid_keys(connection: Connection, institution: str) -> list[api_keys.ApiKey]:
    return [key for key in api_keys.all_keys(connection, institution) if key.valid]


def _note(connection: Connection, action: str, thing: str, institution: str) -> None:
    why = {"reason": "the rest of what was withdrawn is over"}
    audit.write(connection, Act(actor=_ACTOR, action=action, thing=thing, institution=institution, detail=why))
