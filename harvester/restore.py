"""Brings removed records back while they rest, and closes the graves of those that nobody wanted back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from harvester.formats import FORMATS
from harvester.normalise import keep, read_all
from harvester.removals import DecisionError, Noted
from schemas.catalogue import Source
from store import graves, harvest_runs, raw_records, records, sources
from store.database import Connection, Database

_BATCH = 500
Progress = Callable[[int, int, int], None]
"""Told after each batch: records of it, of these unreadable, records in all."""


def undo(
    database: Database,
    run_id: int,
    on_progress: Progress | None = None,
    noted: Noted = lambda connection, count: None,
) -> int:
    """Bring back everything that a run removed, under the same row numbers, so that works keep their ids.

    ``noted`` writes the line of the audit, in the transaction that says so in the run's report.

    Returns:
        How many records live again.

    Raises:
        DecisionError: there is no such run, or nothing of what it removed still rests.
        MappingError: the source's mapping cannot be used.
    """
    with database.connect() as connection:
        report = harvest_runs.report(connection, str(run_id))
        source = sources.get(connection, report.source) if report else None
        if report is None or source is None:
            raise DecisionError(f"no run {run_id}: `lampway harvest report` shows the latest")
        ids = graves.resting(connection, _number(connection, source), run=run_id)
    if not ids:
        raise DecisionError(
            f"nothing to bring back: run {run_id} of {source.id} removed no records, or they came back since, or their "
            "rest is over"
        )
    _bring_back(database, source, ids, on_progress)
    with database.begin() as connection:
        report = harvest_runs.report(connection, str(run_id))
        if report is not None:
            report.notes.append(f"undone: {len(ids):,} records were brought back")
            harvest_runs.amend(connection, run_id, report)
        noted(connection, len(ids))
    return len(ids)


def restore(
    database: Database, source_id: str, names: Sequence[str] = (), on_progress: Progress | None = None
) -> tuple[int, list[str]]:
    """Bring back the removed records of a source, all that still rest or some by their identifiers.

    Returns:
        How many live again, and which of the names do not rest.

    Raises:
        DecisionError: there is no such source, or nothing to bring back.
        MappingError: the source's mapping cannot be used.
    """
    with database.connect() as connection:
        source = sources.get(connection, source_id)
        if source is None:
            raise DecisionError(f"no source {source_id!r}; `lampway sources list` shows all")
        ids = graves.resting(connection, _number(connection, source), names=names)
        found = {name for name, _ in raw_records.names(connection, ids).values()} if names else set()
    if not ids:
        what = f"none of {', '.join(names[:10])}" if names else "no record"
        raise DecisionError(f"nothing to bring back: {what} of {source_id} rests")
    _bring_back(database, source, ids, on_progress)
    return len(ids), [name for name in names if name not in found]


def purge(database: Database, rest_days: int, now: datetime | None = None) -> int:
    """Close the graves of records that have rested long enough: their payload goes, their tombstones stay.

    Args:
        database: the store.
        rest_days: how long they rest.
        now: the moment that counts as now.

    Returns:
        How many records can no longer be brought back.
    """
    before = (now or datetime.now(UTC)).astimezone(UTC) - timedelta(days=rest_days)
    count = 0
    while True:
        with database.begin() as connection:
            found = graves.due(connection, before.isoformat(timespec="seconds"), _BATCH)
            dead = [id_ for id_, is_dead in found if is_dead]
            graves.clear(connection, [id_ for id_, _ in found], dead)
        count += len(dead)
        if len(found) < _BATCH:
            return count


def _number(connection: Connection, source: Source) -> int:
    return sources.number_of(connection, source.id) or 0


def _bring_back(database: Database, source: Source, ids: Sequence[int], on_progress: Progress | None) -> None:
    """In batches, each a transaction: one that is cut off is taken up by asking again."""
    read = FORMATS[source.format](source)
    for start in range(0, len(ids), _BATCH):
        part = ids[start : start + _BATCH]
        with database.begin() as connection:
            number = _number(connection, source)
            graves.open_again(connection, part)
            done, failed = read_all(raw_records.by_ids(connection, source.id, part), read)
            keep(connection, number, 0, done, failed)
            state = sources.state(connection, source.id)
            state.live = records.count_live(connection, number)
            sources.set_state(connection, source.id, state)
        if on_progress:
            on_progress(len(part), len(failed), len(ids))
