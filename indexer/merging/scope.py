"""Which records have to be decided anew: those that changed, and all whose clusters may change with theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec
import numpy as np

from indexer.merging.components import Numbers
from indexer.merging.keys import Features, features_of
from indexer.merging.rulings import Rulings
from schemas.decisions import name_of
from store import decisions, merge_cuts, notes, record_keys, records, works
from store.database import Connection, Database

Progress = Callable[[str, int, int | None], None]
"""Told (stage, done, total) as the work goes on."""

IN_HAND, EVERYTHING = "merging in hand", b"everything"
"""The note of what is being decided, so that a run that was cut off is taken up again; and what it says for all."""

RECORDS_BATCH = 2_000
_KEYS_BATCH = 20_000


class Scope(msgspec.Struct, frozen=True):
    """Records whose clusters are decided anew, with what is known of them and of those they are compared with."""

    ids: list[int]
    """First the records of the scope, then others that share a key with them."""
    features: list[Features]
    names: Numbers
    """``RecordRef.name`` of each."""
    size: int
    """How many of the ids belong to the scope."""
    rulings: Rulings
    whole: bool = False
    """All records are in it."""


class _Decided(msgspec.Struct, frozen=True):
    """What people decided, and which rows of the store their records are."""

    rulings: Rulings
    rows: dict[int, int]
    """Name -> row number."""
    names: dict[int, int]
    """Row number -> name."""

    def partners(self, ids: Iterable[int]) -> set[int]:
        """Rows whose clusters may depend on those of others by decision."""
        found: set[int] = set()
        for id_ in self.names.keys() & set(ids):
            found.update(self.rows[name] for name in self.rulings.partners(self.names[id_]) if name in self.rows)
        return found


def scope_of(database: Database, waiting: list[int], at_once: int, tell: Progress) -> Scope:
    """What to decide anew when some records changed; notes it as in hand and gives the records their new keys.

    Args:
        database: the store.
        waiting: row numbers.
        at_once: more waiting records than these, or than a tenth of all: everything.
        tell: told of the progress.
    """
    with database.connect() as connection:
        total = records.count(connection)
        decided = _decided(connection)
    if len(waiting) > at_once or len(waiting) * 10 > total:
        return _everything(database, total, decided, tell)
    return _neighbourhood(database, waiting, decided)


def _decided(connection: Connection) -> _Decided:
    active = decisions.active(connection)
    rows = decisions.rows_of(connection, {ref for decision in active for ref in decision.all_records})
    named = {ref.name: row for ref, row in rows.items()}
    return _Decided(Rulings(active), named, {row: name for name, row in named.items()})


def _everything(database: Database, total: int, decided: _Decided, tell: Progress) -> Scope:
    with database.begin() as connection:
        notes.put(connection, IN_HAND, EVERYTHING)
        record_keys.forget_all(connection)
    ids: list[int] = []
    features: list[Features] = []
    names: list[int] = []
    with database.connect() as connection:
        for batch in records.iterate(connection, batch=5000, deleted=False):
            ids += [id_ for id_, _ in batch]
            features += [features_of(record) for _, record in batch]
            names += [name_of(record.source, record.record) for _, record in batch]
            tell("read", len(ids), total)
    for start in range(0, len(ids), _KEYS_BATCH):
        part = slice(start, start + _KEYS_BATCH)
        with database.begin() as connection:
            record_keys.add(connection, {id_: own.keys for id_, own in zip(ids[part], features[part], strict=True)})
    return Scope(ids, features, np.array(names, np.int64), len(ids), decided.rulings, whole=True)


def _neighbourhood(database: Database, waiting: list[int], decided: _Decided) -> Scope:
    """The waiting records, all that shares an old or new key with them, and all whose clusters may change with these.

    Links between other records are as they were, so no other work can change.
    """
    with database.connect() as connection:
        fresh = _features(connection, waiting)
        keys = {key for own, _ in fresh.values() for key in own.keys} | record_keys.of_records(connection, waiting)
        scope = _families(connection, set(waiting) | record_keys.records_with(connection, keys), decided)
        inside = _features(connection, sorted(scope))
        keys = {key for own, _ in inside.values() for key in own.keys}
        outside = _features(connection, sorted(record_keys.records_with(connection, keys) - scope))
    with database.begin() as connection:
        notes.put(connection, IN_HAND, np.array(sorted(scope), np.int64).tobytes())
        record_keys.replace(connection, {id_: fresh[id_][0].keys if id_ in fresh else () for id_ in waiting})
    known = inside | outside
    names = np.array([name for _, name in known.values()], np.int64)
    return Scope(list(known), [own for own, _ in known.values()], names, len(inside), decided.rulings)


def _families(connection: Connection, touched: set[int], decided: _Decided) -> set[int]:
    """Records with all of their works, and of the works that these were cut from or are decided about with."""
    scope: set[int] = set()
    while touched:
        scope |= touched
        numbers = {work for work, _ in works.assignments(connection, sorted(touched)).values() if work}
        near = works.records_of(connection, sorted(numbers)) | merge_cuts.partners(connection, sorted(touched))
        touched = (near | decided.partners(touched)) - scope
    return scope


def _features(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[Features, int]]:
    """Of the living ones among some records: what merging looks at, and the name."""
    return {
        id_: (features_of(record), name_of(record.source, record.record))
        for start in range(0, len(ids), RECORDS_BATCH)
        for id_, record in records.by_ids(connection, ids[start : start + RECORDS_BATCH]).items()
        if not record.deleted
    }
