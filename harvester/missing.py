"""Looks for what a list kept from us, before a run says what is missing or takes anything for vanished.

Lists shift while they are read, tokens get lost, sizes are wrong. A source that can be asked for names and for single
records is asked: for the names of its list where fewer records came than it announced, and for each record that seems
to have vanished.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from harvester import parts
from harvester.fetching import FetchError, PatienceError
from harvester.protocols.base import ByNamePage, FetchByName, Page, absent_in_words
from harvester.run import Run
from schemas.catalogue import RawRecord
from store import codec, quarantine, raw_records
from store.database import Connection, Database

MOST = 1000
"""Records asked for one by one; where more are missing, something else is wrong."""
_BATCH = 50


class _Names(msgspec.Struct):
    """What a source's list of names says."""

    digests: set[bytes] = msgspec.field(default_factory=set)
    """Of the names, shortened: all of them would take too much room."""
    unseen: dict[str, RawRecord | None] = msgspec.field(default_factory=dict)
    """Names that did not come with the list of records; with the tombstone, where the source deleted the record."""
    absent: set[str] = msgspec.field(default_factory=set)
    """Of these, names of which the source says that there is nothing."""
    announced: int | None = None
    """How many the source says there are."""


def look_for(database: Database, run: Run, fetch: FetchByName) -> Iterator[Page]:
    """Pages of records that the list should have brought.

    Raises:
        FetchError: the source refuses or wants us to come later.
    """
    short = run.expected is not None and seen(database, run) + run.state.overcounted < run.expected
    if short or fetch.losses or fetch.doubts:
        yield from _listed(database, run, fetch)
    elif fetch.whole:
        yield from _vanished(database, run, fetch)


def seen(database: Database, run: Run) -> int:
    """How many different records came since the list was begun, as the source counts them."""
    with database.connect() as connection:
        return count_seen(connection, run)


def count_seen(connection: Connection, run: Run) -> int:
    """The same, within a transaction."""
    stored = raw_records.seen_since(connection, run.number, run.standing.first_run)
    broken = quarantine.never_stored_since(connection, run.number, run.standing.first_run)
    return stored + len(broken) - run.standing.parts


def _listed(database: Database, run: Run, fetch: FetchByName) -> Iterator[Page]:
    """Records that the list of names has and the list of records had not."""
    before = seen(database, run)
    try:
        names = _names_of(database, run, fetch)
        if len(names.unseen) > MOST:
            words = f"its list of identifiers has more than {MOST:,} others; not asked for one by one"
            (fetch.losses if fetch.doubts else fetch.notes).append(words)
            return
        if not names.unseen:
            _nothing_missing(run, fetch, names)
    except PatienceError:
        raise
    except FetchError as error:
        fetch.notes.append(f"its identifiers cannot be listed to see which are missing: {error}")
        fetch.notes += [f"{doubt}; whether it was all cannot be seen" for doubt in fetch.doubts]
        return
    if names.unseen:
        yield from _ask_for(run, fetch, names)
    with database.connect() as connection:
        left = _unseen(connection, run, list(names.unseen))
    if fetch.doubts and (kept := [name for name in left if name not in names.absent]):
        fetch.losses.append(f"{len(kept):,} records are listed and cannot be had, e.g. {kept[0]}")
    # Of two lists as short as each other, both may end early in the same way.
    sure = len(names.digests) == names.announced or len(names.digests) > before
    if fetch.losses and not left and sure:
        fetch.notes += [f"{loss}; by its list of identifiers, nothing is missing" for loss in fetch.losses]
        fetch.losses.clear()


def _names_of(database: Database, run: Run, fetch: FetchByName) -> _Names:
    """What the list of names says; it is not read on once more are unseen than are asked for."""
    names = _Names()
    for batch in fetch.listed():
        names.digests.update(codec.digest(name.encode("utf-8", "surrogatepass"))[:8] for name in batch.names)
        names.announced = batch.size if batch.size is not None else names.announced
        with database.connect() as connection:
            names.unseen.update({name: batch.tombstones.get(name) for name in _unseen(connection, run, batch.names)})
        if len(names.unseen) > MOST:
            break
    return names


def _nothing_missing(run: Run, fetch: FetchByName, names: _Names) -> None:
    """Say so, and stop expecting what a source announces whatever it is asked for."""
    count = len(names.digests)
    if count and run.expected is not None and fetch.size_of_everything() == run.expected != count:
        fetch.notes.append(
            f"the source says that every list has {run.expected:,} records, as many as it has in all; its list "
            "of identifiers has no others than those that came"
        )
        run.expected = None
    elif count:
        fetch.notes.append(f"its list of identifiers has {count:,}, all of which came")


def _ask_for(run: Run, fetch: FetchByName, names: _Names) -> Iterator[Page]:
    unseen = names.unseen
    fetch.notes.append(f"{len(unseen):,} records are listed, but did not come with the list; asked for by name")
    buried = [raw for raw in unseen.values() if raw is not None]
    if buried:
        yield Page(records=buried, checkpoint=run.standing.fetch)
    for got in _asked(fetch, [name for name, raw in unseen.items() if raw is None]):
        if run.expected is not None:
            run.expected -= len(got.absent)  # counted by the source, and by its own word not there
        names.absent.update(got.absent)
        yield got.page
    if names.absent:
        fetch.notes.append(absent_in_words([name for name in names.unseen if name in names.absent]))


def _vanished(database: Database, run: Run, fetch: FetchByName) -> Iterator[Page]:
    with database.connect() as connection:
        gone = raw_records.vanished(connection, run.number, run.standing.first_run)
        few = gone if parts.may_have(run.source) else gone[: MOST + 1]
        names = [name for name, _ in raw_records.names(connection, few).values()]
    if parts.may_have(run.source):
        names = parts.without_parts(names)
    if names and fetch.state.deleted_record == "persistent":
        fetch.notes.append(f"{len(names):,} records are no longer listed, though the server says it keeps deletions")
    moved = 0
    if 0 < len(names) <= MOST:
        for got in _asked(fetch, names):
            left = set(got.page.strays)
            moved += len(left)
            got.page.quarantined = [row for row in got.page.quarantined if row.record not in left]
            yield got.page
    if moved:
        fetch.notes.append(f"{moved:,} records are there, but in other sets than those asked for")


def _asked(fetch: FetchByName, names: list[str]) -> Iterator[ByNamePage]:
    for start in range(0, len(names), _BATCH):
        got = fetch.by_name(names[start : start + _BATCH])
        if not got.works:
            return
        yield got


def _unseen(connection: Connection, run: Run, names: list[str]) -> list[str]:
    quarantined = set(quarantine.never_stored_since(connection, run.number, run.standing.first_run))
    unseen = raw_records.unseen(connection, run.number, run.standing.first_run, names)
    return [name for name in unseen if name not in quarantined]
