"""Raw records to normalised ones: during a harvest, and again from the store after a mapping or a format changed."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Iterator, Set
from pathlib import Path

import msgspec

from harvester.formats import FORMATS
from harvester.formats.base import Reader, UnreadableError
from schemas.catalogue import CatalogueRecord, Quarantined, RawRecord, Source
from store import quarantine, raw_records, records, sources
from store.database import Connection, Database

_BATCH = 500

Rows = Iterable[tuple[int, RawRecord]]
Normalised = list[tuple[int, CatalogueRecord]]


class NormaliseCounts(msgspec.Struct):
    """What normalising a source again did: ``read`` = changed + unchanged + quarantined."""

    read: int = 0
    changed: int = 0
    unchanged: int = 0
    quarantined: int = 0


def read_all(rows: Rows, read: Reader) -> tuple[Normalised, list[Quarantined]]:
    """Normalise live raw records. One that cannot be read is quarantined with the reason and stops nothing."""
    failed: list[Quarantined] = []
    return list(read_each(rows, read, failed)), failed


def read_each(rows: Rows, read: Reader, failed: list[Quarantined]) -> Iterator[tuple[int, CatalogueRecord]]:
    """The same one by one, for those who keep none: a page of records at once falls out of the processor's cache.

    Args:
        rows: live raw records.
        read: the reader of their source.
        failed: added to as the rows are read.
    """
    for id_, raw in rows:
        try:
            done = id_, read(raw)
        except UnreadableError as error:
            failed.append(_set_aside(raw, str(error)))
        except Exception as error:  # a format's own mistake must not cost the other records
            frame = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{Path(frame.filename).name}:{frame.lineno}"
            failed.append(_set_aside(raw, f"the format failed on it: {type(error).__name__}: {error} ({place})"))
        else:
            yield done


def keep(
    connection: Connection,
    source: int,
    run: int,
    done: Iterable[tuple[int, CatalogueRecord]],
    failed: list[Quarantined],
    new: Set[int] = frozenset(),
) -> int:
    """Store what was normalised and what was not; returns how many normalised records are new or different.

    A record that could be read before and cannot be any more keeps its last good description. Of those in ``new``
    (row numbers given in this transaction) there is none.
    """
    names: list[str] = []

    def named() -> Iterator[tuple[int, CatalogueRecord]]:
        for row in done:
            names.append(row[1].record)
            yield row

    changed = records.upsert(connection, source, named(), new)
    if names:
        held = quarantine.among(connection, source, names)
        quarantine.release(connection, source, list(held))
    quarantine.add(connection, source, run, failed)
    return changed


def renormalise(
    database: Database, source: Source, on_progress: Callable[[int, int], None] | None = None
) -> NormaliseCounts:
    """Read all raw records of a source again, without the network.

    Args:
        database: the store.
        source: with the mapping to use now.
        on_progress: called with (done, of these failed) after each batch.

    Raises:
        MappingError: the source's mapping cannot be used.
    """
    read = FORMATS[source.format](source)
    counts = NormaliseCounts()
    last = 0
    while True:
        with database.begin() as connection:
            number = sources.number_of(connection, source.id)
            rows = raw_records.after(connection, number, source.id, last, _BATCH) if number is not None else []
            if number is None or not rows:
                sources.was_read_again(connection, source.id)
                return counts
            done, failed = read_all(((id_, raw) for id_, raw in rows if not raw.deleted), read)
            changed = keep(connection, number, 0, done, failed)
        last = rows[-1][0]
        counts.read += len(done) + len(failed)
        counts.changed += changed
        counts.unchanged += len(done) - changed
        counts.quarantined += len(failed)
        if on_progress:
            on_progress(len(done) + len(failed), len(failed))


def _set_aside(raw: RawRecord, reason: str) -> Quarantined:
    return Quarantined(
        source=raw.source, record=raw.record, reason=reason[:2000], payload=raw.payload, stage="normalise"
    )
