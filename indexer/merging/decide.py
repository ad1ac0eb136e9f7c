"""Decides, within a block of records that share a key, which of them are the same. Cost is linear in the block.

Records with equal features are compared once, so a block of thousands of copies costs as little as one of a few.
What a pair leaves unsure the block decides: a record without a year belongs to the only edition that fits it, and to
none where two fit. A verdict depends on the block alone, not on the order of its records.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import reduce
from operator import or_

from indexer.merging.compare import decide
from indexer.merging.evidence import titles
from indexer.merging.keys import Features

MAX_DIFFERENT = 60
"""More different descriptions are not compared each with each: that would cost the square."""

MAX_GROUPS = 3
"""An identifier that joins more groups of contradicting titles or volumes belongs to a series or a set."""

Groups = list[list[int]]


def by_identifier(block: Sequence[int], features: Sequence[Features]) -> Groups:
    """Groups of a block that shares a strong identifier; records that merge with none are left out.

    Args:
        block: positions in ``features``.
        features: of all records.
    """
    distinct = _distinct(block, features)
    if len(distinct) > MAX_DIFFERENT or _is_shared([features[equal[0]] for equal in distinct]):
        return []
    return _by_language(_judged(distinct, features, trusted=True), features)


def by_equality(block: Sequence[int], features: Sequence[Features]) -> Groups:
    """Groups of a block of equal title, creator, year, kind and part.

    Of very many different descriptions those that contradict each other are not looked for.
    """
    distinct = _distinct(block, features)
    if len(distinct) > MAX_DIFFERENT:
        return by_language(block, features)
    return _by_language(_judged(distinct, features, trusted=False), features)


def by_likeness(block: Sequence[int], features: Sequence[Features]) -> Groups:
    """Groups of a block that shares a loose key.

    A title of too many different descriptions is generic: its records are compared by creator and by year, and the
    title says little there.
    """
    distinct = _distinct(block, features)
    if len(distinct) <= MAX_DIFFERENT:
        return _by_language(_judged(distinct, features, trusted=False), features)
    found: Groups = []
    parts: dict[Hashable, list[list[int]]] = {}
    for equal in distinct:
        own = features[equal[0]]
        for name, _ in own.creators[:1]:
            parts.setdefault(name, []).append(equal)
        if own.year is not None:
            parts.setdefault(own.year, []).append(equal)
    for part in parts.values():
        if 1 < len(part) <= MAX_DIFFERENT:
            found += _by_language(_judged(part, features, trusted=False, generic=True), features)
    return found


def by_language(block: Sequence[int], features: Sequence[Features]) -> Groups:
    """Parts of a block whose languages do not contradict.

    Where they do, records that do not tell their language belong to none of them.
    """
    languages = sorted({features[position].languages for position in block})
    known = [language for language in languages if language]
    parts: list[set[str]] = []
    for language in known:
        common = [part for part in parts if part & set(language)]
        parts = [part for part in parts if part not in common]
        parts.append(set(language).union(*common))
    if len(parts) < 2:
        return [list(block)]
    told = [[p for p in block if features[p].languages and features[p].languages[0] in part] for part in parts]
    return [*told, [p for p in block if not features[p].languages]]


def _by_language(groups: Groups, features: Sequence[Features]) -> Groups:
    return [part for group in groups for part in by_language(group, features) if len(part) > 1]


def _distinct(block: Sequence[int], features: Sequence[Features]) -> list[list[int]]:
    """Positions in lists of equal descriptions."""
    found: dict[Hashable, list[int]] = {}
    for position in block:
        own = features[position]
        printed = (own.publisher, own.extent, own.edition_number, own.host, own.identifiers, own.series, own.day)
        told = (own.forms, own.creators, own.year, own.kind, own.volume, own.languages, own.titles, *printed)
        found.setdefault(told, []).append(position)
    return list(found.values())


def _is_shared(own: Sequence[Features]) -> bool:
    """Whether an identifier stands under so many different titles or volumes that it proves nothing."""
    different: list[Features] = []
    for one in sorted(own, key=lambda one: (one.volume, one.titles)):
        if not any(one.volume == o.volume and titles(one, o, shared=True) != "title-different" for o in different):
            different.append(one)
            if len(different) > MAX_GROUPS:
                return True
    return False


def _judged(distinct: list[list[int]], features: Sequence[Features], trusted: bool, generic: bool = False) -> Groups:
    """Groups of equal descriptions that belong together: what is the same, and what is unsure but fits nothing else."""
    own = [features[equal[0]] for equal in distinct]
    size = len(own)
    fits, against, sure = [0] * size, [0] * size, [0] * size
    for i in range(size):
        for j in range(i):
            decision = decide(own[i], own[j], trusted, generic)
            if decision in ("same", "unsure"):
                fits[i] |= 1 << j
                fits[j] |= 1 << i
                if decision == "same":
                    sure[i] |= 1 << j
            elif decision == "different":
                against[i] |= 1 << j
                against[j] |= 1 << i
    slips_of_years = _YearSlips(own, [len(equal) for equal in distinct], fits)
    groups = linked(fits, against, sure, slips_of_years.possible)
    return [
        [position for member in group for position in distinct[member]]
        for group in groups
        if len(group) > 1 or decide(own[group[0]], own[group[0]], trusted, generic) in ("same", "unsure")
    ]


def linked(
    fits: Sequence[int],
    against: Sequence[int],
    sure: Sequence[int],
    possible: Callable[[int, int], bool] = lambda i, j: True,
) -> Groups:
    """Groups of what is surely the same, and of what fits where nothing that fits the one is against the other.

    What is surely one speaks with one voice: whatever is against one of it is against all of it.

    Args:
        fits: for each the bits of those that it is, or may be, the same as.
        against: for each the bits of those that it contradicts.
        sure: for each the bits of those before it that it is the same as.
        possible: whether two that fit may be joined.
    """
    size = len(fits)
    label = list(range(size))
    groups = {i: [i] for i in range(size)}

    def join(i: int, j: int) -> None:
        kept, gone = sorted((label[i], label[j]))
        for member in groups[gone]:
            label[member] = kept
        groups[kept] += groups.pop(gone)

    pairs = [(i, j) for i in range(size) for j in range(i) if fits[i] >> j & 1]
    for i, j in pairs:
        if sure[i] >> j & 1 and label[i] != label[j]:
            join(i, j)
    if all(label[i] == label[j] for i, j in pairs):
        return list(groups.values())
    fit, foe = _of_groups(fits, groups, label), _of_groups(against, groups, label)
    for i, j in pairs:
        if label[i] != label[j] and not (fit[i] & foe[j] or fit[j] & foe[i]) and possible(i, j):
            join(i, j)
    return list(groups.values())


def _of_groups(masks: Sequence[int], groups: Mapping[int, Sequence[int]], label: Sequence[int]) -> list[int]:
    """For each the bits of its whole group, itself and the others among them."""
    whole = {name: reduce(or_, (masks[member] for member in members)) for name, members in groups.items()}
    return [whole[label[i]] for i in range(len(masks))]


class _YearSlips:
    """Whether two years can be one, written wrongly once: not where a third is around, or where several say either."""

    def __init__(self, own: Sequence[Features], sizes: Sequence[int], fits: Sequence[int]) -> None:
        self._own, self._sizes, self._fits = own, sizes, fits
        self._many = len({one.year for one in own if one.year is not None}) > 2

    def possible(self, i: int, j: int) -> bool:
        """Whether the years of two descriptions are the same, unknown, or a slip apart."""
        year, other = self._own[i].year, self._own[j].year
        if year is None or other is None or year == other:
            return True
        return not self._many and min(self._records(i), self._records(j)) == 1

    def _records(self, i: int) -> int:
        """How many records that fit one say its year."""
        alike = self._fits[i] | 1 << i
        year = self._own[i].year
        return sum(size for j, size in enumerate(self._sizes) if alike >> j & 1 and self._own[j].year == year)
