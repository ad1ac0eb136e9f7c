"""The brake: what a run would remove goes only when it is little; much of it waits for a person."""

from __future__ import annotations

from harvester.run import Run, tombstone
from store import quarantine, raw_records, records
from store.database import Connection

MAX_SHARE = 0.05
MAX_RECORDS = 500
FEW_TOMBSTONES = 10
"""So many deletions that the source names one by one pass in a source of any size."""

_NAMELESS = ("unidentified:", "row:")
"""How protocols name what they cannot read the identifier of: it may be any of the records that are missing."""


def carry_out(connection: Connection, run: Run, *, list_is_whole: bool) -> str:
    """Remove what the source has deleted and, after a whole list, what has vanished from it.

    Args:
        connection: in the transaction that ends the run.
        run: with its counts, which grow by what vanished.
        list_is_whole: every record of the source came in this run.

    Returns:
        Why nothing was removed and a person must decide; "" when there is nothing to decide.
    """
    deleted = raw_records.buried_alive(connection, run.number)
    gone = _vanished(connection, run) if list_is_whole else []
    count, living = len(deleted) + len(gone), records.count_live(connection, run.number)
    if list_is_whole:
        run.state.waits_on_run = 0  # this list decides anew
    if run.state.waits_on_run:
        return f"the removals of run {run.state.waits_on_run} still wait for a decision; nothing was removed"
    passes = count <= min(MAX_RECORDS, MAX_SHARE * living) or (not gone and count <= FEW_TOMBSTONES)
    if not passes:
        run.state.waits_on_run = run.id
        return (
            f"{count:,} of {living:,} records would be removed ({len(deleted):,} deleted, {len(gone):,} no longer "
            f"listed), more than {MAX_SHARE:.0%} or {MAX_RECORDS}; nothing was removed, a person must decide"
        )
    _remove(connection, run, deleted + gone)
    raw_records.mark_deleted(connection, gone, run.id)
    run.report.received += len(gone)
    run.report.deleted += len(gone)
    if gone:
        run.report.notes.append(f"{len(gone):,} records are no longer listed and were removed")
    return ""


def _vanished(connection: Connection, run: Run) -> list[int]:
    gone = raw_records.vanished(connection, run.number, run.standing.first_run)
    nameless = [
        name
        for name in (quarantine.never_stored_since(connection, run.number, run.standing.first_run) if gone else [])
        if name.startswith(_NAMELESS)
    ]
    if nameless:
        run.report.notes.append(
            f"{len(nameless):,} records came without identifier, so that nobody can say what is no longer listed"
        )
        return []
    return gone


def _remove(connection: Connection, run: Run, ids: list[int]) -> None:
    names = raw_records.names(connection, ids)
    rows = [(id_, tombstone(run.source.id, record, datestamp)) for id_, (record, datestamp) in names.items()]
    records.upsert(connection, run.number, rows)
    quarantine.release(connection, run.number, [record for record, _ in names.values()])
