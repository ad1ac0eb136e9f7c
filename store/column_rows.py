"""The holdings of works as rows of columns, derived from the store: records, their holdings, places and states."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Row, Select, select

from schemas.catalogue import Availability, Holding, RecordHoldings
from store import availability, codec, dictionaries, sources
from store.availability import Fact
from store.bulk import chunks
from store.holdings import effective, moment, numbered
from store.institutions import Resolver, all_institutions
from store.packed_state import QUARTER_SHIFT, pack, quarter_of
from store.tables import harvest_runs, raw_records, records

SHORTEST_KEY = 4
"""Letters of a copy's own name that tell it from any other copy of an edition at a place; "1" or "c.2" does not."""
_Row = tuple[int, int, int, int]
"""Institution, state, record, ordinal."""
_Copy = tuple[str, int, str]
"""Edition, institution, key."""
TYPES = {"institution": np.int32, "state": np.uint32, "record": np.int64, "ordinal": np.int32}
"""Columns with one value a holding. ``institution`` 0: at no place the registry knows; ``ordinal`` -1: only implied."""


class Rows(msgspec.Struct, frozen=True):
    """Holdings of some works. ``numbers`` ascending, ``counts`` holdings each; the rest one value a holding, in order.

    Services of one holding that were checked in different quarter hours are rows of their own.
    """

    numbers: NDArray[np.int64]
    counts: NDArray[np.int64]
    institution: NDArray[np.int32]
    state: NDArray[np.uint32]
    record: NDArray[np.int64]
    ordinal: NDArray[np.int32]


class Places:
    """What placing holdings needs of the registry, the sources and the runs; read once a build."""

    def __init__(self, connection: Connection) -> None:
        self.sources = sources.numbers(connection)
        self.facts = availability.latest_version(connection) > 0
        institutions = all_institutions(connection)
        self.offered = {row.number: row.services for row in institutions if row.services}
        """Services that institutions declare, by their number."""
        self._resolver = Resolver(institutions)
        self._known: dict[tuple[int, str, str], int] = {}
        self._runs: dict[int, datetime] = {}

    def number(self, source: int, holding: Holding) -> int:
        """Number of the institution a holding of a source's record is at; 0 = none that the registry knows."""
        key = (source, holding.institution, holding.branch)
        if key not in self._known:
            owner = self.sources[source].institution
            found = self._resolver.resolve(owner, holding.institution, holding.branch)
            self._known[key] = found.number if found else 0
        return self._known[key]

    def seen_at(self, connection: Connection, changed_at: str, run: int) -> datetime:
        """When a record's own states were true (the same as ``store.holdings.seen_at``, for millions)."""
        if run not in self._runs:
            started = connection.scalar(select(harvest_runs.c.started_at).where(harvest_runs.c.id == run))
            self._runs[run] = moment(started) if started else datetime.min.replace(tzinfo=UTC)
        return max(moment(changed_at), self._runs[run])


def between(connection: Connection, first: int, last: int, places: Places) -> Rows:
    """Rows of the works numbered first..last."""
    return _derive(connection, _query().where(records.c.work.between(max(first, 1), last)), places)


def of_works(connection: Connection, numbers: Iterable[int], places: Places) -> Rows:
    """Rows of these works; those that are gone or unknown have none and do not appear."""
    ordered = sorted(set(numbers))
    return concatenate(
        [_derive(connection, _query().where(records.c.work.in_(part)), places) for part in chunks(ordered)]
    )


def concatenate(parts: Sequence[Rows]) -> Rows:
    """Rows one after another; their numbers must ascend over all."""
    parts = parts or [_arrays([], [], [])]
    return Rows(*(np.concatenate([getattr(part, name) for part in parts]) for name in Rows.__struct_fields__))


def _query() -> Select[Any]:
    return (
        select(
            records.c.work,
            records.c.edition,
            records.c.id,
            records.c.source,
            records.c.data,
            raw_records.c.changed_at,
            raw_records.c.run,
        )
        .join(raw_records, raw_records.c.id == records.c.id)
        .where(records.c.deleted.is_(False))
        .order_by(records.c.work, records.c.id)
    )


def _derive(connection: Connection, query: Select[Any], places: Places) -> Rows:
    found = connection.execute(query).all()
    facts = availability.of_records(connection, [row.id for row in found]) if places.facts else {}
    numbers: list[int] = []
    counts: list[int] = []
    rows: list[_Row] = []
    for work, members in groupby(found, key=lambda row: int(row.work)):
        before, own = len(rows), []
        for member in members:
            own += _of_record(connection, member, facts.get(member.id, ()), places)
        rows += _each_copy_once(own)
        numbers.append(work)
        counts.append(len(rows) - before)
    return _arrays(numbers, counts, rows)


def _of_record(
    connection: Connection, row: Row[Any], facts: Sequence[Fact], places: Places
) -> list[tuple[_Copy | None, _Row]]:
    holdings = codec.from_json(dictionaries.unpack(connection, row.data), RecordHoldings).holdings
    seen = places.seen_at(connection, row.changed_at, row.run)
    found = []
    for ordinal, holding in numbered(holdings):
        institution = places.number(row.source, holding)
        copy = (row.edition, institution, holding.key) if institution and len(holding.key) >= SHORTEST_KEY else None
        for word in _words(effective(holding, seen, institution, facts, places.offered.get(institution, ()))):
            found.append((copy, (institution, word, row.id, ordinal)))  # noqa: PERF401 - a holding may give several
    return found


def _each_copy_once(rows: list[tuple[_Copy | None, _Row]]) -> Iterator[_Row]:
    """A copy that several records of an edition describe (two feeds of one library) by the one that knows it latest."""
    latest: dict[_Copy, tuple[int, int]] = {}
    for copy, (_, word, record, _) in rows:
        if copy:
            latest[copy] = max(latest.get(copy, (-1, 0)), (word >> QUARTER_SHIFT, -record))
    for copy, row in rows:
        if copy is None or latest[copy][1] == -row[2]:
            yield row


def _words(states: list[Availability]) -> list[int]:
    if not states:
        return [0]
    quarters = [quarter_of(state.checked_at) if state.checked_at else 0 for state in states]
    return [
        pack([state for state, own in zip(states, quarters, strict=True) if own == quarter], quarter)
        for quarter in sorted(set(quarters), reverse=True)
    ]


def _arrays(numbers: list[int], counts: list[int], rows: list[_Row]) -> Rows:
    columns = zip(*rows, strict=True) if rows else ((), (), (), ())
    return Rows(
        np.array(numbers, dtype=np.int64),
        np.array(counts, dtype=np.int64),
        *(np.array(values, dtype=type_) for values, type_ in zip(columns, TYPES.values(), strict=True)),
    )
