"""The brake: what a run would remove goes only when it is little; much of it waits for a person.

What is removed rests in its grave for a time (``harvester.restore``).
"""

from __future__ import annotations

from collections.abc import Callable

from harvester.formats.base import tombstone
from harvester.run import Run
from store import graves, harvest_runs, leases, quarantine, raw_records, records, sources
from store.database import Connection, Database

FEW_TOMBSTONES = 10
"""So many deletions that the source names one by one pass in a source of any size."""

_BATCH = 500
_NAMELESS = (quarantine.NAMELESS, "row:")
"""How protocols name what they cannot read the identifier of: it may be any of the records that are missing."""


Noted = Callable[[Connection, int], None]
"""Told how many records a decision moved, in its transaction: both stand, or neither."""


class DecisionError(Exception):
    """There is nothing to decide; the message says where to look."""


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
    brake = run.brake
    by_hand = graves.brought_back(connection, run.number, deleted + gone)
    passes = count <= min(brake.records, brake.share * living) or (not gone and count <= FEW_TOMBSTONES)
    if by_hand or not passes:
        run.state.waits_on_run = run.id
        run.report.unlisted_since = run.standing.first_run if gone else 0
        why = f"more than {brake.share:.0%} or {brake.records:,}"
        if passes:
            why = f"{by_hand:,} of which a person had brought back"
        return (
            f"{count:,} of {living:,} records would be removed ({len(deleted):,} deleted, {len(gone):,} no longer "
            f"listed), {why}; nothing was removed, a person must decide: "
            f"`lampway harvest approve {run.id}` removes them, "
            f"`lampway harvest reject {run.id}` keeps them"
        )
    _remove(connection, run.number, run.source.id, run.id, deleted, gone)
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


def decide(database: Database, run_id: int, *, approved: bool, noted: Noted = lambda connection, count: None) -> int:
    """Carry out or drop what a waiting run would remove; what came back since then stays either way.

    Args:
        database: the store.
        run_id: number of the run.
        approved: whether they go.
        noted: writes its line of the audit.

    Returns:
        How many records were removed.

    Raises:
        DecisionError: the run does not wait.
    """
    with database.begin() as connection:
        report = harvest_runs.report(connection, str(run_id))
        source = report.source if report else ""
        state = sources.state(connection, source)
        number = sources.number_of(connection, source)
        if report is None or number is None or state.waits_on_run != run_id:
            raise DecisionError(f"run {run_id} does not wait for a decision: see `lampway harvest report SOURCE`")
        count = 0
        deleted = raw_records.buried_alive(connection, number)
        gone = raw_records.vanished(connection, number, report.unlisted_since) if report.unlisted_since else []
        if not approved:
            graves.keep_out(connection, number, run_id, deleted + gone)
        else:
            _remove(connection, number, source, run_id, deleted, gone)
            count = len(deleted) + len(gone)
            report.received += len(gone)
            report.deleted += len(gone)
        state.waits_on_run = 0
        state.live = records.count_live(connection, number)
        sources.set_state(connection, source, state)
        report.status = "incomplete" if report.losses or report.quarantined or not approved else "complete"
        report.notes.append(
            f"approved: {count:,} records were removed" if approved else "rejected: nothing was removed"
        )
        harvest_runs.finish(connection, run_id, report)
        noted(connection, count)
    return count


def withdraw(database: Database, source_id: str) -> int:
    """Take out every record of a paused source: they rest as all removed records do. One cut off is gone on with.

    A harvest under way ends: what it still fetches is not kept. Nothing goes any more once the source is not paused.

    Returns:
        How many records were removed.

    Raises:
        LeaseTakenError: another process takes them out, or brings them back.
    """
    name = leases.of_harvest(source_id)
    with database.begin() as connection:
        leases.give_up(connection, name)
    with leases.held(database, name):
        return _take_out(database, source_id)


def _take_out(database: Database, source_id: str) -> int:
    count = 0
    while True:
        with database.begin() as connection:
            source, number = sources.get(connection, source_id), sources.number_of(connection, source_id)
            if source is None or number is None or not source.paused:
                return count
            latest = harvest_runs.report(connection, source_id)
            ids = raw_records.living(connection, number, _BATCH)
            _remove(connection, number, source_id, latest.run if latest else 0, [], ids)
            if not ids:
                state = sources.state(connection, source_id)
                state.live, state.waits_on_run = 0, 0
                sources.set_state(connection, source_id, state)
                return count
        count += len(ids)


def _remove(connection: Connection, number: int, source: str, run_id: int, deleted: list[int], gone: list[int]) -> None:
    names = raw_records.names(connection, deleted + gone)
    rows = [(id_, tombstone(source, record, datestamp)) for id_, (record, datestamp) in names.items()]
    records.upsert(connection, number, rows)
    quarantine.release(connection, number, [record for record, _ in names.values()])
    raw_records.mark_deleted(connection, gone, run_id)
    graves.bury(connection, number, run_id, deleted + gone)
