"""What the decisions by people amount to: who is together and who is apart. Later ones win over earlier ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations, pairwise

import msgspec

from indexer.merging.components import PartedSets
from schemas.decisions import Decision, Level, RecordRef

Names = tuple[int, int]


class Overruled(msgspec.Struct, frozen=True):
    """A pair of records for which a decision does not count, because later ones say otherwise."""

    decision: int
    one: RecordRef
    other: RecordRef
    level: Level


class Rulings:
    """Decisions worked out: a pure function of the decisions that hold. Records are known by ``RecordRef.name``.

    They are gone through from the latest to the earliest, and what an earlier one asks for is left out where it
    contradicts what the later ones together already say: A with B and B with C, then never A with C.
    """

    def __init__(self, decisions: Iterable[Decision] = ()) -> None:
        self.editions, self.works = PartedSets(), PartedSets()
        self.leaving: set[int] = set()
        """Records that a split takes away: of what they leave, these are to stand apart."""
        self.overruled: list[Overruled] = []
        for decision in sorted(decisions, key=lambda one: one.id, reverse=True):
            if decision.kind == "join":
                for one, other in pairwise(decision.all_records):
                    self._together(decision, one, other)
                continue
            self.leaving.update(ref.name for ref in decision.records if decision.kind == "split")
            for one, other in _pairs(decision):
                self._apart(decision, one, other)

    def __bool__(self) -> bool:
        return bool(self.names)

    @property
    def names(self) -> set[int]:
        """All records that something was decided about."""
        return {*self.editions.items(), *self.works.items(), *self.leaving}

    def partners(self, name: int) -> set[int]:
        """Records whose clusters a record may share or part, whatever they look like."""
        found: set[int] = set()
        for sets in (self.editions, self.works):
            found.update(sets.members(name))
            for enemy in sets.parted_from(name):
                found.update(sets.members(enemy))
        return found - {name}

    def _together(self, decision: Decision, one: RecordRef, other: RecordRef) -> None:
        refused = self.works.parted(one.name, other.name)
        if decision.level == "edition" and (refused or not self.editions.join(one.name, other.name)):
            self.overruled.append(Overruled(decision.id, one, other, "edition"))
        if not self.works.join(one.name, other.name) and decision.level == "work":
            self.overruled.append(Overruled(decision.id, one, other, "work"))

    def _apart(self, decision: Decision, one: RecordRef, other: RecordRef) -> None:
        sets = self.editions if decision.level == "edition" else self.works
        if not sets.part(one.name, other.name):
            self.overruled.append(Overruled(decision.id, one, other, decision.level))
        elif decision.level == "work":  # no edition reaches across works
            self.editions.part(one.name, other.name)


def _pairs(decision: Decision) -> Sequence[tuple[RecordRef, RecordRef]]:
    if decision.kind == "never":
        return list(combinations(decision.all_records, 2))
    return [(one, other) for one in decision.records for other in decision.others]


NONE = Rulings()
