"""Editions and works as connected components: a pure function of records and decisions, whatever order they come in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, combinations

import msgspec
import numpy as np
from numpy.typing import NDArray

from indexer.merging.cohesion import coherent, facts_of
from indexer.merging.components import Components, EditionSets, Numbers, PartedSets
from indexer.merging.decide import MAX_DIFFERENT, Groups, by_equality, by_identifier, by_likeness
from indexer.merging.keys import Features
from indexer.merging.rulings import NONE, Rulings
from indexer.merging.same_work import by_work, translations
from indexer.merging.settle import Cut, join_alike, join_groups
from schemas.decisions import Level

Mask = NDArray[np.bool_]


class Clusters(msgspec.Struct, frozen=True):
    """For each record the position of a member that stands for its edition, and one that stands for its work."""

    edition: Numbers
    work: Numbers
    cuts: list[Cut] = []
    """Likenesses that were not followed."""


def cluster(features: Sequence[Features], names: Numbers | None = None, rulings: Rulings = NONE) -> Clusters:
    """Which records are the same edition, and which editions the same work.

    An edition is joined by an identifier that nothing contradicts, by equal title, creator, year, type and part, or by
    a description that is nearly the same; a work by its editions, or by equal title, creator, type and part. What
    people decided goes before all of it.

    Args:
        features: of all records.
        names: ``RecordRef.name`` of each, needed with rulings.
        rulings: decisions by people.
    """
    known = _Known(features, np.arange(len(features)) if names is None else names, rulings)
    components = Components(len(features))
    for group in chain(known.joined("edition"), equals(features)):
        components.join(group)
    families, weak = components.copy(), []
    for group in likenesses(features):
        if len({components.find(item) for item in group}) > 1:
            families.join(group)
            weak.append(group)
    editions, cuts = _settle_editions(known, components, families, weak)
    return Clusters(editions, _works(known, editions), cuts)


def equals(features: Sequence[Features], of: Mask | None = None) -> Iterator[list[int]]:
    """Groups of one edition by a strong identifier or by equality; with ``of``, only of blocks with these records."""
    for block in _blocks(*_pairs(features, lambda own: own.identifiers, of)):
        yield from _several(by_identifier(block, features))
    for block in _blocks(*_pairs(features, lambda own: (own.edition,) if own.edition else (), of)):
        yield from _several(by_equality(block, features))


def likenesses(features: Sequence[Features], of: Mask | None = None) -> Iterator[list[int]]:
    """Groups that are nearly the same."""
    for block in _blocks(*_pairs(features, lambda own: own.loose, of)):
        yield from _several(by_likeness(block, features))


def same_works(features: Sequence[Features], of: Mask | None = None) -> Iterator[list[int]]:
    """Groups of one work: equal title or uniform title, creator, type and part; or translations with one identifier."""
    for key, block in _keyed_blocks(*_pairs(features, lambda own: own.works, of)):
        yield from _several(by_work(key, block, features))
    for block in _blocks(*_pairs(features, lambda own: own.identifiers, of)):
        if len(block) <= MAX_DIFFERENT and len({features[place].languages for place in block}) > 1:
            yield from ([*pair] for pair in combinations(block, 2) if translations(*(features[p] for p in pair)))


class _Known:
    """The records, and what people decided about them by position."""

    def __init__(self, features: Sequence[Features], names: Numbers, rulings: Rulings) -> None:
        self.features, self.names, self.rulings = features, names, rulings
        decided = np.fromiter(rulings.names, np.int64)
        self.places = {int(names[p]): p for p in np.flatnonzero(np.isin(names, decided)).tolist()}

    def joined(self, level: Level) -> list[list[int]]:
        """Groups that are together by decision."""
        groups: dict[int, list[int]] = {}
        for name, place in self.places.items():
            groups.setdefault(self._sets(level).find(name), []).append(place)
        return [group for group in groups.values() if len(group) > 1]

    def parted(self, level: Level) -> list[tuple[int, int]]:
        """Pairs that are apart by decision; one for all that are together by decision with either."""
        sets, first = self._sets(level), dict[int, int]()
        for name, place in self.places.items():
            first.setdefault(sets.find(name), place)
        return [
            (place, first[enemy])
            for root, place in first.items()
            for enemy in sets.parted_from(root)
            if enemy in first
        ]  # fmt: skip

    def works(self) -> PartedSets:
        """Positions whose works are together and apart by decision."""
        return self._decided("work", PartedSets())

    def editions(self) -> PartedSets:
        """Positions whose editions are together and apart by decision."""
        return self._decided("edition", EditionSets(self.works()))

    def quarrels(self, families: Components) -> set[int]:
        """Families in which something is apart by decision, themselves or by way of others of the same works."""
        wide = families.copy()
        for group in self.joined("work"):
            wide.join(group)
        apart = [*self.parted("edition"), *self.parted("work")]
        found = {wide.find(one) for one, other in apart if wide.find(one) == wide.find(other)}
        labels = np.flatnonzero(np.isin(wide.labels(), np.fromiter(found, np.int64))) if found else ()
        return {families.find(int(place)) for place in labels}

    def rank(self, place: int) -> tuple[int, int, int]:
        """For ``settle``: whom a decision keeps from many finds its place after those that it keeps from few."""
        name = int(self.names[place])
        if place != self.places.get(name):
            return (0, 0, name)
        enemies = len(self.rulings.editions.parted_from(name)) + len(self.rulings.works.parted_from(name))
        return (name in self.rulings.leaving, enemies, name)

    def _decided(self, level: Level, found: PartedSets) -> PartedSets:
        for first, *others in self.joined(level):
            for other in others:
                found.join(first, other)
        for one, other in self.parted(level):
            found.part(one, other)
        return found

    def _sets(self, level: Level) -> PartedSets:
        return self.rulings.editions if level == "edition" else self.rulings.works


def _settle_editions(
    known: _Known, components: Components, families: Components, weak: Sequence[Sequence[int]]
) -> tuple[Numbers, list[Cut]]:
    """Editions: the families, but for those that a decision or a contradiction parts."""
    labels, cores = families.labels(), components.labels()
    parted = known.quarrels(families)
    suspects = parted | _incoherent(known, labels, cores, {families.find(group[0]) for group in weak} - parted)
    if not suspects:
        return labels, []
    inside = np.isin(labels, np.fromiter(suspects, np.int64))
    sets = known.editions()
    join_groups(sets, _by_label(cores, inside & ~np.isin(labels, np.fromiter(parted, np.int64))), known.rank)
    join_groups(sets, (g for g in equals(known.features, inside) if families.find(g[0]) in parted), known.rank)
    alike = [group for group in weak if inside[group[0]]]
    cuts = join_alike(sets, alike, known.features, known.rank)
    for place in np.flatnonzero(inside).tolist():
        labels[place] = sets.find(place)
    return labels, cuts


def _incoherent(known: _Known, labels: Numbers, cores: Numbers, families: set[int]) -> set[int]:
    """Those of some families whose parts, each one edition without likeness, contradict each other."""
    inside = np.isin(labels, np.fromiter(families, np.int64))
    parts: dict[int, list[list[int]]] = {}
    for members in _by_label(cores, inside):
        parts.setdefault(int(labels[members[0]]), []).append(members)
    features = known.features
    return {
        family
        for family, groups in parts.items()  # of two alone it is decided: they were compared with each other
        if len(groups) > 2 and not coherent([facts_of(features[place] for place in group) for group in groups])
    }


def _works(known: _Known, editions: Numbers) -> Numbers:
    """Works: editions with equal work keys, and what is together by decision, but for what a decision parts."""
    components = Components.of(editions)
    for group in chain(known.joined("work"), same_works(known.features)):
        components.join(group)
    labels = components.labels()
    parted = [labels[a] for a, b in known.parted("work") if labels[a] == labels[b]]
    if not parted:
        return labels
    inside = np.isin(labels, parted)
    sets = known.works()
    join_groups(sets, _by_label(editions, inside), known.rank)
    join_groups(sets, (g for g in same_works(known.features, inside) if inside[g[0]]), known.rank)
    for place in np.flatnonzero(inside).tolist():
        labels[place] = sets.find(place)
    return labels


def _several(groups: Groups) -> Iterator[list[int]]:
    return (group for group in groups if len(group) > 1)


def _by_label(labels: Numbers, inside: Mask) -> list[list[int]]:
    """The positions of a mask in groups of equal label."""
    groups: dict[int, list[int]] = {}
    places = np.flatnonzero(inside)
    for place, label in zip(places.tolist(), labels[places].tolist(), strict=True):
        groups.setdefault(label, []).append(place)
    return list(groups.values())


def _pairs(
    features: Sequence[Features], keys: Callable[[Features], tuple[int, ...]], of: Mask | None = None
) -> tuple[Numbers, Numbers]:
    """(key, position) of all keys, as two arrays: a dictionary of lists would take ten times the memory.

    With ``of``, only keys that one of these records has.
    """
    counts = np.fromiter((len(keys(own)) for own in features), np.int64, len(features))
    flat = np.fromiter((key for own in features for key in keys(own)), np.int64, int(counts.sum()))
    positions = np.repeat(np.arange(len(features)), counts)
    if of is None:
        return flat, positions
    wanted = np.isin(flat, flat[of[positions]])
    return flat[wanted], positions[wanted]


def _blocks(keys: Numbers, positions: Numbers) -> Iterator[list[int]]:
    """Positions that share a key, ascending, for each key that several share."""
    return (block for _, block in _keyed_blocks(keys, positions))


def _keyed_blocks(keys: Numbers, positions: Numbers) -> Iterator[tuple[int, list[int]]]:
    """The same, each with its key."""
    if not len(keys):
        return
    order = np.argsort(keys, kind="stable")
    keys, positions = keys[order], positions[order]
    starts = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
    ends = np.append(starts[1:], len(keys))
    several = ends - starts > 1
    for start, end in zip(starts[several].tolist(), ends[several].tolist(), strict=True):
        yield int(keys[start]), positions[start:end].tolist()
