"""Merges the records that wait: only they, what shares a key with them, and the works these belong to.

The work in hand is noted in the store before the outbox is emptied, so that a run that is cut off is taken up again by
the next; and a record that changes meanwhile lands in the outbox anew. Transactions are short: harvests go on.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import numpy as np

from indexer.merging.clusters import Clusters, cluster
from indexer.merging.components import Components
from indexer.merging.groups import Change, note_group
from indexer.merging.identity import code_of, named_after
from indexer.merging.keys import RULES
from indexer.merging.scope import EVERYTHING, IN_HAND, Scope, scope_of
from indexer.merging.scope import Progress as Progress
from store import merge_cuts, notes, precedence, records, works
from store.database import Connection, Database
from store.merge_cuts import CutRow

ALL_AT_ONCE = 20_000
"""More waiting records than this, or than a tenth of all: everything is merged anew in one stream, which is faster."""

_RULES = "merging rules"
_RECORDS_BATCH = 2_000
_NO_LIMIT = 1 << 40


class MergeReport(msgspec.Struct, kw_only=True):
    """What merging did: records that had waited, and works new, changed and gone."""

    records: int = 0
    new: int = 0
    changed: int = 0
    gone: int = 0
    cuts: int = 0
    """Likenesses that were not followed, because what they would bring together contradicts itself."""


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
        scope = scope_of(database, waiting, ALL_AT_ONCE, tell)
        _write_works(database, scope, set(waiting), report, tell)
    with database.begin() as connection:
        notes.put(connection, IN_HAND, None)
        notes.put(connection, _RULES, _rules(connection))
    return report


def rules_changed(connection: Connection) -> bool:
    """Whether the next merge will merge everything anew, because something else decides how."""
    return notes.get(connection, _RULES) not in (None, _rules(connection))


def _rules(connection: Connection) -> bytes:
    """Of all that decides how to merge, beside the records and the decisions about them."""
    return " ".join((RULES, *precedence.get(connection))).encode()


def _take_in_hand(database: Database) -> list[int]:
    """Empty the outbox, noting what was in it; with what an earlier run that was cut off had in hand."""
    with database.begin() as connection:
        left = notes.get(connection, IN_HAND)
        if left == EVERYTHING or rules_changed(connection):
            records.mark_all_pending(connection)
        elif left:
            records.mark_pending(connection, _ids(left))
        waiting = records.pending(connection, _NO_LIMIT)
        notes.put(connection, IN_HAND, np.array(waiting, np.int64).tobytes())
        records.clear_pending(connection)
    return waiting


def _ids(note: bytes) -> list[int]:
    return [int(number) for number in np.frombuffer(note, np.int64)]


def _note_cuts(database: Database, scope: Scope, waiting: set[int], clusters: Clusters) -> int:
    """Those of the scope in the place of what was noted of its records before; how many nobody has decided about."""
    rows = [
        CutRow(
            min(scope.ids[cut.one], scope.ids[cut.other]),
            max(scope.ids[cut.one], scope.ids[cut.other]),
            cut.level,
            cut.why,
        )
        for cut in clusters.cuts
        if max(cut.one, cut.other) < scope.size
    ]
    with database.begin() as connection:
        if scope.whole:
            merge_cuts.replace_all(connection, rows)
        else:
            merge_cuts.replace(connection, sorted({*scope.ids[: scope.size], *waiting}), rows)
    return sum(row.why != "decision" for row in rows)


def _write_works(database: Database, scope: Scope, waiting: set[int], report: MergeReport, tell: Progress) -> None:
    clusters = cluster(scope.features, scope.names, scope.rulings)
    report.cuts = _note_cuts(database, scope, waiting, clusters)
    labels = {
        id_: (int(work), int(edition))
        for id_, work, edition in zip(
            scope.ids[: scope.size], clusters.work[: scope.size], clusters.edition[: scope.size], strict=True
        )
    }
    scope.features.clear()
    with database.connect() as connection:
        ranks = {source: rank for rank, source in enumerate(precedence.get(connection))}
        whole = len(labels) > ALL_AT_ONCE
        before = works.assignments(connection, None if whole else sorted({*labels, *waiting}))
        first = works.next_number(connection) == 1  # nobody was here before, so nobody comes back
    done = 0
    for batch in _batches(labels, {id_: work for id_, (work, _) in before.items()}):
        ids = [id_ for group in batch for id_ in group]
        change = Change()
        with database.begin() as connection:
            current = records.by_ids(connection, ids)
            olds = works.by_numbers(connection, sorted({before[i][0] for i in ids if i in before and before[i][0]}))
            homeless = [] if first else [i for i in ids if not before.get(i, (0, ""))[0] and i in current]
            gone = works.gone(connection, [named_after(code_of(current[i])) for i in homeless])
            for group in batch:
                note_group(change, group, current, labels, before, olds, waiting, ranks, gone)
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
