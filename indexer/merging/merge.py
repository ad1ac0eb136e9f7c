"""Merges the records that wait: only they, what shares a key with them, and the works these belong to.

The work in hand is noted in the store before the outbox is emptied, so that a run that is cut off is taken up again by
the next; and a record that changes meanwhile lands in the outbox anew. Transactions are short: harvests go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec
import numpy as np

from indexer.merging.clusters import Components, cluster
from indexer.merging.groups import Change, note_group
from indexer.merging.keys import RULES, Features, features_of
from store import notes, record_keys, records, works
from store.database import Connection, Database

Progress = Callable[[str, int, int | None], None]
"""Told (stage, done, total) as the work goes on."""

ALL_AT_ONCE = 20_000
"""More waiting records than this, or than a tenth of all: everything is merged anew in one stream, which is faster."""

_IN_HAND, _RULES = "merging in hand", "merging rules"
_EVERYTHING = b"everything"
_KEYS_BATCH, _RECORDS_BATCH = 20_000, 2_000
_NO_LIMIT = 1 << 40


class MergeReport(msgspec.Struct, kw_only=True):
    """What merging did: records that had waited, and works new, changed and gone."""

    records: int = 0
    new: int = 0
    changed: int = 0
    gone: int = 0


class _Scope(msgspec.Struct, frozen=True):
    """Records whose clusters are decided anew, with what is known of them and of those they are compared with."""

    ids: list[int]
    """First the records of the scope, then others that share a key with them."""
    features: list[Features]
    size: int
    """How many of the ids belong to the scope."""


def merge_pending(database: Database, on_progress: Progress | None = None) -> MergeReport:
    """Bring editions and works up to date with the records. Call it under the indexer's lease."""
    tell = on_progress or (lambda stage, done, total: None)
    report = MergeReport()
    waiting = _take_in_hand(database)
    with database.begin() as connection:
        empty = works.without_records(connection, works.pending(connection, _NO_LIMIT))
        works.retire(connection, [(number, "") for number in empty])
        report.gone += len(empty)
    if waiting:
        report.records = len(waiting)
        scope = _scope(database, waiting, tell)
        _write_works(database, scope, set(waiting), report, tell)
    with database.begin() as connection:
        notes.put(connection, _IN_HAND, None)
        notes.put(connection, _RULES, RULES.encode())
    return report


def _take_in_hand(database: Database) -> list[int]:
    """Empty the outbox, noting what was in it; with what an earlier run that was cut off had in hand."""
    with database.begin() as connection:
        left = notes.get(connection, _IN_HAND)
        rules = notes.get(connection, _RULES)
        if left == _EVERYTHING or (rules is not None and rules != RULES.encode()):
            records.mark_all_pending(connection)
        elif left:
            records.mark_pending(connection, _ids(left))
        waiting = records.pending(connection, _NO_LIMIT)
        notes.put(connection, _IN_HAND, np.array(waiting, np.int64).tobytes())
        records.clear_pending(connection)
    return waiting


def _ids(note: bytes) -> list[int]:
    return [int(number) for number in np.frombuffer(note, np.int64)]


def _scope(database: Database, waiting: list[int], tell: Progress) -> _Scope:
    with database.connect() as connection:
        total = records.count(connection)
    if len(waiting) > ALL_AT_ONCE or len(waiting) * 10 > total:
        return _everything(database, total, tell)
    return _neighbourhood(database, waiting)


def _everything(database: Database, total: int, tell: Progress) -> _Scope:
    with database.begin() as connection:
        notes.put(connection, _IN_HAND, _EVERYTHING)
        record_keys.forget_all(connection)
    ids: list[int] = []
    features: list[Features] = []
    with database.connect() as connection:
        for batch in records.iterate(connection, batch=5000, deleted=False):
            ids += [id_ for id_, _ in batch]
            features += [features_of(record) for _, record in batch]
            tell("read", len(ids), total)
    for start in range(0, len(ids), _KEYS_BATCH):
        part = slice(start, start + _KEYS_BATCH)
        with database.begin() as connection:
            record_keys.add(connection, {id_: own.keys for id_, own in zip(ids[part], features[part], strict=True)})
    return _Scope(ids, features, len(ids))


def _neighbourhood(database: Database, waiting: list[int]) -> _Scope:
    """The waiting records, all that shares an old or new key with them, and all of the works of these.

    Links between other records are as they were, so no other work can change.
    """
    with database.connect() as connection:
        fresh = _features(connection, waiting)
        keys = {key for own in fresh.values() for key in own.keys} | record_keys.of_records(connection, waiting)
        touched = set(waiting) | record_keys.records_with(connection, keys)
        numbers = {work for work, _ in works.assignments(connection, sorted(touched)).values() if work}
        scope = touched | works.records_of(connection, sorted(numbers))
        inside = _features(connection, sorted(scope))
        keys = {key for own in inside.values() for key in own.keys}
        outside = _features(connection, sorted(record_keys.records_with(connection, keys) - scope))
    with database.begin() as connection:
        notes.put(connection, _IN_HAND, np.array(sorted(scope), np.int64).tobytes())
        record_keys.replace(connection, {id_: fresh[id_].keys if id_ in fresh else () for id_ in waiting})
    return _Scope([*inside, *outside], [*inside.values(), *outside.values()], len(inside))


def _features(connection: Connection, ids: Sequence[int]) -> dict[int, Features]:
    """Of the living ones among some records."""
    return {
        id_: features_of(record)
        for start in range(0, len(ids), _RECORDS_BATCH)
        for id_, record in records.by_ids(connection, ids[start : start + _RECORDS_BATCH]).items()
        if not record.deleted
    }


def _write_works(database: Database, scope: _Scope, waiting: set[int], report: MergeReport, tell: Progress) -> None:
    clusters = cluster(scope.features)
    labels = {
        id_: (int(work), int(edition))
        for id_, work, edition in zip(
            scope.ids[: scope.size], clusters.work[: scope.size], clusters.edition[: scope.size], strict=True
        )
    }
    scope.features.clear()
    with database.connect() as connection:
        whole = len(labels) > ALL_AT_ONCE
        before = works.assignments(connection, None if whole else sorted({*labels, *waiting}))
    done = 0
    for batch in _batches(labels, {id_: work for id_, (work, _) in before.items()}):
        ids = [id_ for group in batch for id_ in group]
        change = Change()
        with database.begin() as connection:
            current = records.by_ids(connection, ids)
            olds = works.by_numbers(connection, sorted({before[i][0] for i in ids if i in before and before[i][0]}))
            for group in batch:
                note_group(change, group, current, labels, before, olds, waiting)
            change.store(connection, before)
        report.new += len(change.added)
        report.changed += len(change.replaced)
        report.gone += len(change.retired)
        done += len(ids)
        tell("merge", done, max(len(labels), done))


def _batches(labels: dict[int, tuple[int, int]], before: dict[int, int]) -> Iterator[list[list[int]]]:
    """Records in groups that no old or new work reaches across, several groups a batch: each is one transaction."""
    ids = sorted({*labels, *(id_ for id_ in before if before[id_])})
    position = {id_: place for place, id_ in enumerate(ids)}
    components = Components(len(ids))
    first: dict[tuple[str, int], int] = {}
    for id_ in ids:
        for name, label in (("new", labels[id_][0] if id_ in labels else -1), ("old", before.get(id_) or -1)):
            if label >= 0:
                components.join([first.setdefault((name, label), position[id_]), position[id_]])
    groups: dict[int, list[int]] = {}
    for id_, label in zip(ids, components.labels().tolist(), strict=True):
        groups.setdefault(label, []).append(id_)
    batch: list[list[int]] = []
    size = 0
    for group in groups.values():
        batch.append(group)
        size += len(group)
        if size >= _RECORDS_BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
