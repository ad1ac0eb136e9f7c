"""Repository of sources and of what each harvest remembers for the next (high-water mark, server's habits)."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from schemas.catalogue import Source
from store import harvest_runs, leases, merge_cuts
from store.codec import from_json, to_json
from store.database import now_text
from store.record_keys import forget
from store.records import mark_pending
from store.tables import availability, records, sources
from store.works import mark_pending as mark_works_pending


class SourceState(msgspec.Struct, omit_defaults=True):
    """What a source's last runs taught; written by the harvester only."""

    watermark: str = ""
    """From which moment (server's clock) the next incremental run asks."""
    granularity: str = ""
    deleted_record: str = ""
    """What Identify says: no, transient, persistent."""
    repository_name: str = ""
    admin_email: str = ""
    last_complete_at: str = ""
    live: int = 0
    """Living records at the end of the last complete run."""
    overlap_s: float = 0
    """Seconds by which an incremental run goes back behind the high-water mark; 0 = not learned yet."""
    quiet: int = 0
    """Runs in a row in which no change came late."""
    dates: str = ""
    """How the server finds records by date: second, day, wide (needs a day more), none; "" = it was not tried."""
    sets_checked_at: str = ""
    unfetched: list[str] = msgspec.field(default_factory=list)
    """Records that the server lists and does not give: asked for by name in each run."""
    waits_on_run: int = 0
    """The run whose removals wait for a person's decision; 0 = none."""
    overcounted: int = 0
    """So many records more than it has does the source count, a person says."""
    anew: bool = False
    """It is no longer known what the source has: the next run asks for everything, and finds what is gone."""
    reread: bool = False
    """What is stored was read by another mapping: the next run reads it again before it asks for more."""


def add(connection: Connection, source: Source) -> int:
    """Add a source or replace the one with the same id; returns its number.

    Where another list is asked for from now on, what was learned of the old one counts no more: the next run asks for
    everything, begins at the beginning, and what the new list does not have is gone, if the brake lets it go. Where the
    mapping or the encoding changed, what is stored is read again.
    """
    data = to_json(source)
    number = number_of(connection, source.id)
    if number is not None:
        before, learned = get(connection, source.id), state(connection, source.id)
        if not asks_alike(connection, source):
            learned = SourceState(
                live=learned.live, waits_on_run=learned.waits_on_run, anew=True, reread=learned.reread
            )
            if cut_off := harvest_runs.cut_off(connection, number):
                harvest_runs.abandon(connection, cut_off[0])
        if before and before.format == source.format and _read(before) != _read(source):
            learned.reread = True
        set_state(connection, source.id, learned)
        connection.execute(update(sources).where(sources.c.number == number).values(data=data))
        return number
    result = connection.execute(insert(sources).values(id=source.id, data=data, added_at=now_text()))
    return int(result.inserted_primary_key[0])  # type: ignore[index]


def asks_alike(connection: Connection, source: Source) -> bool:
    """Whether the source that the store has under this id asks for the same list of the same records."""
    stored = get(connection, source.id)
    return stored is not None and _asked(stored) == _asked(source)


def _asked(source: Source) -> tuple[object, ...]:
    place = source.location.removeprefix("https:").removeprefix("http:").rstrip("/")
    return source.protocol, place, source.format, source.prefix, sorted(source.sets)


def was_read_again(connection: Connection, id_: str) -> None:
    """What is stored of a source is read by the mapping that it has now."""
    learned = state(connection, id_)
    if learned.reread:
        learned.reread = False
        set_state(connection, id_, learned)


def _read(source: Source) -> tuple[str, str]:
    return source.mapping_text, source.encoding


def all_sources(connection: Connection) -> list[Source]:
    """Every source, in the order they were added."""
    return [
        from_json(row.data, Source) for row in connection.execute(select(sources.c.data).order_by(sources.c.number))
    ]


def get(connection: Connection, id_: str) -> Source | None:
    """One source by id."""
    data = connection.scalar(select(sources.c.data).where(sources.c.id == id_))
    return from_json(data, Source) if data else None


def number_of(connection: Connection, id_: str) -> int | None:
    """The number under which the other tables know the source."""
    return connection.scalar(select(sources.c.number).where(sources.c.id == id_))


def numbers(connection: Connection) -> dict[int, Source]:
    """Every source by its number."""
    rows = connection.execute(select(sources.c.number, sources.c.data))
    return {row.number: from_json(row.data, Source) for row in rows}


def remove(connection: Connection, id_: str) -> bool:
    """Delete a source with all its raw records, records and runs; True if there was one.

    Its works wait in the outboxes: those that others describe too are merged again, the others go. A harvest under way
    ends at its next page, before the source's number can be given to another.
    """
    leases.give_up(connection, leases.of_harvest(id_))
    own = select(records.c.id, records.c.work).join(sources, sources.c.number == records.c.source)
    own = own.where(sources.c.id == id_)
    shared = select(records.c.id).where(records.c.work > 0, records.c.work.in_(own.with_only_columns(records.c.work)))
    touched = [(row.id, row.work) for row in connection.execute(own)]
    mark_pending(connection, [row.id for row in connection.execute(shared)])
    mark_works_pending(connection, sorted({work for _, work in touched if work}))
    forget(connection, [record for record, _ in touched])
    mark_pending(connection, sorted(merge_cuts.partners(connection, [record for record, _ in touched])))
    facts = availability.c.record.in_(own.with_only_columns(records.c.id))  # row numbers are given again
    connection.execute(delete(availability).where(facts))
    return connection.execute(delete(sources).where(sources.c.id == id_)).rowcount > 0


def state(connection: Connection, id_: str) -> SourceState:
    """What the last runs taught."""
    data = connection.scalar(select(sources.c.state).where(sources.c.id == id_))
    return from_json(data, SourceState) if data else SourceState()


def set_state(connection: Connection, id_: str, value: SourceState) -> None:
    """Replace what is remembered."""
    connection.execute(update(sources).where(sources.c.id == id_).values(state=to_json(value)))
