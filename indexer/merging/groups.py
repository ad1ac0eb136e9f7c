"""Writes down what became of a group of records: works new, changed and gone, and to which each record belongs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from indexer.merging.fields import merged_work
from indexer.merging.identity import code_of, edition_id, named_after, work_id
from schemas.catalogue import CatalogueRecord
from schemas.work import Work
from store import works
from store.database import Connection

Labels = Mapping[int, tuple[int, int]]
"""Record -> (label of its work, label of its edition)."""
Before = Mapping[int, tuple[int, str]]
"""Record -> (number of the work, id of the edition) it belonged to."""


class Change(msgspec.Struct):
    """What one transaction will write."""

    added: list[Work] = msgspec.field(default_factory=list)
    replaced: list[Work] = msgspec.field(default_factory=list)
    touched: list[int] = msgspec.field(default_factory=list)
    """Numbers of works that read as before but whose holdings may have changed."""
    retired: list[tuple[int, str]] = msgspec.field(default_factory=list)
    left: list[int] = msgspec.field(default_factory=list)
    """Records that belong to no work any more."""

    def store(self, connection: Connection, before: Before) -> None:
        """Write all of it. New works get their numbers here; the rows of works that were gone are used again."""
        numbers = works.known(connection, [work.id for work in self.added])
        number = works.next_number(connection)
        for work in self.added:
            work.number = numbers.get(work.id, number)
            number += work.id not in numbers
        works.add(connection, [work for work in self.added if work.id not in numbers])
        works.replace(connection, [*self.replaced, *(work for work in self.added if work.id in numbers)])
        works.retire(connection, self.retired)
        works.mark_pending(connection, self.touched)
        works.assign(connection, [row for row in self._rows() if before.get(row[0]) != row[1:]])

    def _rows(self) -> Iterable[tuple[int, int, str]]:
        for work in (*self.added, *self.replaced):
            for edition in work.editions:
                for record in edition.record_ids:
                    yield record, work.number, edition.id
        for record in self.left:
            yield record, 0, ""


def note_group(
    change: Change,
    group: Sequence[int],
    current: Mapping[int, CatalogueRecord],
    labels: Labels,
    before: Before,
    olds: Mapping[int, Work],
    waiting: set[int],
    ranks: Mapping[str, int],
    gone: Mapping[str, int],
) -> None:
    """Add to a change what became of one group.

    Args:
        change: added to.
        group: records that no old or new work reaches across.
        current: the records as they are now; deleted ones among them.
        labels: the clusters; records without a label are gone.
        before: where the records belonged.
        olds: the living works of ``before`` by number.
        waiting: records that had changed.
        ranks: of sources that go before others in the description: 0 = first.
        gone: works that went with their anchors, by id: who comes back finds his work as he left it.
    """
    living = [i for i in group if i in labels and i in current and not current[i].deleted]
    change.left += [i for i in group if i not in set(living)]
    codes = {i: code_of(current[i]) for i in living}
    parted: dict[int, dict[int, list[int]]] = {}
    for i in living:
        work_label, edition_label = labels[i]
        parted.setdefault(work_label, {}).setdefault(edition_label, []).append(i)
    now: dict[int, str] = {}
    for editions in parted.values():
        members = [i for edition in editions.values() for i in edition]
        kept = {olds[n].id: n for n in {before[i][0] for i in members if i in before} if n in olds}
        back = {id_: gone[id_] for i in members if (id_ := named_after(codes[i])) in gone}
        id_ = work_id({codes[i] for i in members}, kept | back)
        now.update(dict.fromkeys(members, id_))
        described = [
            (edition_id({codes[i] for i in e}, (before[i][1] for i in e if i in before)), [(i, current[i]) for i in e])
            for e in editions.values()
        ]
        work = merged_work(id_, described, ranks)
        if id_ not in kept:
            change.added.append(work)
            continue
        work.number = kept[id_]
        if work != olds[work.number]:
            change.replaced.append(work)
        elif not waiting.isdisjoint(members):
            change.touched.append(work.number)
    for number in sorted({before[i][0] for i in group if i in before and before[i][0] in olds}):
        if olds[number].id not in now.values():
            former = [i for i in living if i in before and before[i][0] == number]
            change.retired.append((number, _successor(olds[number], former, codes, now)))


def _successor(gone: Work, former: Sequence[int], codes: Mapping[int, str], now: Mapping[int, str]) -> str:
    """Where the id of a work that is gone leads: to its anchor's work, else to that of most of its records."""
    anchor = next((i for i in former if codes[i] == gone.id[1:]), None)
    if anchor is not None:
        return now[anchor]
    counts = Counter(now[i] for i in former)
    return min(counts, key=lambda id_: (-counts[id_], id_), default="")
