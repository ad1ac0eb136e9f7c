"""Disjoint sets: as an array for millions of records, and as a dictionary where some must never become one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]


class Components:
    """Disjoint sets (union by lower position, path halving): the representative is the lowest position."""

    def __init__(self, size: int) -> None:
        self._parent = list(range(size))

    @classmethod
    def of(cls, labels: Numbers) -> Components:
        """The sets that labels tell, as ``labels`` gives them."""
        made = cls(0)
        made._parent = labels.tolist()
        return made

    def copy(self) -> Components:
        """The same sets, to be joined further."""
        made = Components(0)
        made._parent = self._parent.copy()
        return made

    def find(self, item: int) -> int:
        """The set's representative."""
        parent = self._parent
        while parent[item] != item:
            parent[item] = item = parent[parent[item]]
        return item

    def join(self, items: Sequence[int]) -> None:
        """Make one set of the sets of all items."""
        first = self.find(items[0])
        for item in items[1:]:
            other = self.find(item)
            low, high = (first, other) if first < other else (other, first)
            self._parent[high] = low
            first = low

    def labels(self) -> Numbers:
        """Representative of every item."""
        return np.fromiter((self.find(item) for item in range(len(self._parent))), np.int64, len(self._parent))


class PartedSets:
    """Disjoint sets of which some are parted: what would make one of them is refused, whatever comes later."""

    def __init__(self) -> None:
        self._root: dict[int, int] = {}
        self._members: dict[int, list[int]] = {}
        self._parted: dict[int, set[int]] = {}

    def find(self, item: int) -> int:
        """The set's representative: its lowest member."""
        return self._root.get(item, item)

    def members(self, item: int) -> list[int]:
        """All of the item's set."""
        return self._members.get(self.find(item), [item])

    def together(self, one: int, other: int) -> bool:
        """Whether two items are in one set."""
        return self.find(one) == self.find(other)

    def parted(self, one: int, other: int) -> bool:
        """Whether the sets of two items must never become one."""
        return self.find(other) in self._parted.get(self.find(one), ())

    def parted_from(self, item: int) -> list[int]:
        """A member of every set that the item's set is parted from."""
        return sorted(self._parted.get(self.find(item), ()))

    def join(self, one: int, other: int) -> bool:
        """Make one set of two; False when they are parted."""
        low, high = sorted((self.find(one), self.find(other)))
        if low == high:
            return True
        if self.parted(low, high):
            return False
        moved = self._members.pop(high, [high])
        self._members[low] = self._members.get(low, [low]) + moved
        self._root.update(dict.fromkeys(moved, low))
        enemies = self._parted.pop(high, set())
        for enemy in enemies:
            self._parted[enemy].discard(high)
            self._parted[enemy].add(low)
        if enemies:
            self._parted.setdefault(low, set()).update(enemies)
        return True

    def part(self, one: int, other: int) -> bool:
        """Keep two sets apart from now on; False when they are one already."""
        first, second = self.find(one), self.find(other)
        if first == second:
            return False
        self._parted.setdefault(first, set()).add(second)
        self._parted.setdefault(second, set()).add(first)
        return True

    def items(self) -> Iterable[int]:
        """All items that were ever joined or parted."""
        return {*self._root, *self._members, *self._parted}


class EditionSets(PartedSets):
    """Sets of editions, each of which is of one work: works that are parted keep editions apart, too."""

    def __init__(self, works: PartedSets) -> None:
        super().__init__()
        self._works = works

    def parted(self, one: int, other: int) -> bool:
        """Whether the editions of two items, or their works, must never become one."""
        return super().parted(one, other) or self._works.parted(one, other)

    def join(self, one: int, other: int) -> bool:
        """Make one edition of two, and one work of theirs; False when either is parted."""
        return super().join(one, other) and self._works.join(one, other)
