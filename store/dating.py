"""Dates the changes of works for our own OAI-PMH provider, so that no harvester can miss one.

A change is dated after the fact, in a transaction of its own, and seen when that is committed; somebody who asked in
between must not be told a later moment than the change will bear. So the moment before is noted and committed first
(``State.began``): until all is dated, whoever asks is told that moment at the latest, and a change committed after
the note bears a later one. Call it under the indexer's lease, when the columns are up to date with the works.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np
from sqlalchemy import Connection, delete, func, select

from store import bulk, codec, notes, sources, work_changes
from store.bulk import chunks
from store.column_view import View
from store.columns import Columns
from store.database import Database
from store.dated_works import STATE, State, state, text_of
from store.institutions import all_institutions
from store.tables import dated_members, dated_works, raw_records, records, works

Progress = Callable[[str, int, int | None], None]
_BATCH = 2000
_TOLD_FROM = 20_000
"""Works below which it is over before anybody would read of its progress."""


class _Around(msgspec.Struct, frozen=True):
    """What else than a work itself shows in what is set out of it."""

    sources: dict[int, bytes]
    institutions: dict[int, bytes]
    owners: dict[int, int]
    """Number of a branch -> number of its owner."""
    numbers: dict[str, int]
    withheld: frozenset[int] = frozenset()
    """Numbers of the sources whose records are not set out."""

    @property
    def registry(self) -> str:
        """Changes when any work may be at other institutions, or they may be called otherwise."""
        return codec.digest(msgspec.json.encode([self.institutions, self.owners])).hex()

    def touches_all(self, before: State) -> bool:
        """Whether works may read differently that did not change themselves; those of a new source did."""
        known = {number: digest.hex() for number, digest in self.sources.items()}
        return self.registry != before.registry or any(
            known.get(number, digest) != digest for number, digest in before.sources.items()
        )


class _Change(msgspec.Struct, frozen=True):
    """How a work is to be set out from now on."""

    work: int
    deleted: bool
    known: bool
    """It was dated before."""
    digest: bytes
    has: Sequence[int]
    """Institutions that have it; of a deleted work those that had it last."""
    left: Sequence[int] = ()
    """Institutions that had it until now."""
    gone: Sequence[tuple[int, str]] = ()
    """Institutions that had it at some time before, with the date at which they had it no more."""


def date_changes(database: Database, home: Path, on_progress: Progress | None = None) -> int:
    """Date the works that changed since the last time; returns how many.

    A work counts as changed when anything of it that is set out reads differently: its description, its records, who
    has it. Works that were only merged anew, with the same outcome, keep their date.

    Args:
        database: the store.
        home: folder of the columns, which know who has what.
        on_progress: told ("date", done, total) when there is much to do.
    """
    with database.connect() as connection:
        before, around = state(connection), _around(connection)
        latest = work_changes.latest(connection)
        touched = around.touches_all(before)
        if before.changes == latest and not touched and not before.began:
            return 0
        known = None if touched else work_changes.since(connection, before.changes)
        numbers = sorted(known) if known is not None else list(connection.scalars(select(works.c.number)))
        began = before.began or text_of(database.dialect.now(connection))
    _note(database, msgspec.structs.replace(before, began=began))
    view = Columns.open(home).view
    dated = 0
    for start in range(0, len(numbers), _BATCH):
        with database.connect() as connection:
            changes = list(_changes(connection, numbers[start : start + _BATCH], view, around))
        if changes:
            with database.begin() as connection:
                _store(connection, changes, database)
        dated += len(changes)
        if on_progress and len(numbers) >= _TOLD_FROM:
            on_progress("date", min(start + _BATCH, len(numbers)), len(numbers))
    after = State(
        changes=latest,
        registry=around.registry,
        sources={number: digest.hex() for number, digest in around.sources.items()},
        institutions=before.institutions | around.numbers,
    )
    _note(database, after)
    return dated


def _note(database: Database, value: State) -> None:
    with database.begin() as connection:
        notes.put(connection, STATE, msgspec.json.encode(value))


def _around(connection: Connection) -> _Around:
    places, known = all_institutions(connection), sources.numbers(connection)
    numbers = {place.id: place.number for place in places}
    return _Around(
        sources={
            number: codec.digest(msgspec.json.encode((s.id, s.protocol, s.location, s.format, s.licence)))
            for number, s in known.items()
        },
        institutions={
            place.number: codec.digest(msgspec.json.encode((place.id, place.name, place.isil))) for place in places
        },
        owners={place.number: numbers[place.parent] for place in places if place.parent in numbers},
        numbers=numbers,
        withheld=frozenset(number for number, source in known.items() if source.withheld),
    )


def _changes(connection: Connection, numbers: Sequence[int], view: View, around: _Around) -> Iterator[_Change]:
    described = {number: data for number, data in bulk.select_in(connection, works, _WORK, "number", numbers) if data}
    before = {row[0]: row[1:] for row in bulk.select_in(connection, dated_works, _DATED, "work", numbers)}
    had: dict[int, list[int]] = {}
    gone: dict[int, dict[int, str]] = {}
    for work, institution, datestamp, is_gone in bulk.select_in(connection, dated_members, _MEMBER, "work", numbers):
        if is_gone:
            gone.setdefault(work, {})[institution] = datestamp
        else:
            had.setdefault(work, []).append(institution)
    origins, hidden = _origins(connection, numbers, around)
    places = _places(numbers, view, around, hidden)
    for number in numbers:
        was_deleted, old = before.get(number, (True, b""))
        if number not in described or (number not in origins and hidden):
            if not was_deleted:
                yield _Change(number, True, True, b"", had.get(number, []), (), list(gone.get(number, {}).items()))
            continue
        has = places.get(number, [])
        parts = [bytes(described[number]), *origins.get(number, ())]
        parts += [institution.to_bytes(4, "big") + around.institutions.get(institution, b"") for institution in has]
        digest = codec.digest(b"".join(parts))
        if was_deleted or digest != bytes(old):
            left = [institution for institution in had.get(number, ()) if institution not in has]
            long_gone = [(place, date) for place, date in gone.get(number, {}).items() if place not in has]
            yield _Change(number, False, number in before, digest, has, left, long_gone)


_WORK, _DATED, _MEMBER = ("number", "data"), ("work", "deleted", "digest"), ("work", "institution", "datestamp", "gone")


def _origins(
    connection: Connection, numbers: Sequence[int], around: _Around
) -> tuple[dict[int, list[bytes]], list[int]]:
    """What a work's records and their sources are known by; and the records that are withheld, by row."""
    found: dict[int, list[bytes]] = {}
    hidden: list[int] = []
    for part in chunks(numbers):
        rows = connection.execute(
            select(records.c.id, records.c.work, records.c.source, raw_records.c.digest)
            .join(raw_records, raw_records.c.id == records.c.id)
            .where(records.c.work.in_(part), records.c.deleted.is_(False))
            .order_by(records.c.id)
        )
        for row, work, source, digest in rows.all():
            if source in around.withheld:
                hidden.append(row)
            else:
                found.setdefault(work, []).append(bytes(digest) + around.sources.get(source, b""))
    return found, hidden


def _places(numbers: Sequence[int], view: View, around: _Around, hidden: Sequence[int]) -> dict[int, list[int]]:
    """Institutions that have works, and the owners of those that are branches; what only hidden records say is not."""
    rows, counts = view.rows_of(np.array(numbers, np.int64))
    found: dict[int, list[int]] = {}
    places = view.institution(rows)
    at = np.where(np.isin(view.record(rows), hidden), 0, places).tolist() if hidden else places.tolist()
    end = 0
    for number, count in zip(numbers, counts.tolist(), strict=True):
        start, end = end, end + count
        own = set(at[start:end]) - {0}
        found[number] = sorted(own | {around.owners[place] for place in own if place in around.owners})
    return found


def _store(connection: Connection, changes: Sequence[_Change], database: Database) -> None:
    latest = connection.scalar(select(func.max(dated_works.c.datestamp))) or ""
    first = max(text_of(database.dialect.now(connection)), latest)
    # Who harvests several sets must not end with the older word: that one institution has lost a work comes before
    # what the work is now, at the others.
    second = text_of(datetime.fromisoformat(first) + timedelta(seconds=1))
    rows: list[tuple[object, ...]] = []
    members: list[tuple[object, ...]] = []
    for change in changes:
        stamp = second if change.left else first
        rows.append((change.work, stamp, change.deleted, change.digest))
        members += [(change.work, institution, stamp, False) for institution in change.has]
        members += [(change.work, institution, first, True) for institution in change.left]
        members += [(change.work, institution, date, True) for institution, date in change.gone]
    known = [change.work for change in changes if change.known]
    for part in chunks(known):
        for table in (dated_works, dated_members):
            connection.execute(delete(table).where(table.c.work.in_(part)))
    bulk.insert(connection, dated_works, ("work", "datestamp", "deleted", "digest"), rows)
    bulk.insert(connection, dated_members, ("work", "institution", "datestamp", "gone"), members)
